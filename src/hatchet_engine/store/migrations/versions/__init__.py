"""One file per schema revision. A revision that was released is never changed."""
