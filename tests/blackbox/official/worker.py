from tasks import TASKS, hatchet

if __name__ == "__main__":
    hatchet.worker("blackbox", slots=10, workflows=TASKS).start()
