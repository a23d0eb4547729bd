from hatchet_sdk import Hatchet

hatchet = Hatchet()
