"""Looking for garbage less often, in processes that live long and make many objects."""

import gc


def look_seldom(after: int = 20_000) -> None:
    """Call it once all code is loaded: that stays for good, and is never gone through again.

    A page or a batch of slots makes tens of thousands of objects and hardly a cycle. Looking for one at every
    700th, as Python does, makes every twentieth visit wait half as long again, and so it does large uploads.
    """
    gc.freeze()
    gc.set_threshold(after, 10, 10)
