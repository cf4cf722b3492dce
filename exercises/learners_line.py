"""Where an exception came from, in the learner's own words: their line, not the kit's and not a library's."""

import linecache
import sysconfig
import traceback
from pathlib import Path

_NOT_THE_LEARNERS = (str(Path(__file__).resolve().parent), sysconfig.get_path("stdlib"), "<frozen ")


def learners_line(error: BaseException) -> str:
    """` (line 3 of get_token: return answer["token"])`; empty where no line of the learner's took part.

    It is the last frame of the traceback that is neither the kit's nor a library's.
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        is_librarys = "site-packages" in frame.filename or "dist-packages" in frame.filename
        if not is_librarys and not frame.filename.startswith(_NOT_THE_LEARNERS):
            source = (linecache.getline(frame.filename, frame.lineno) or frame.line or "").strip()
            return f" (line {frame.lineno} of {frame.name}: {source})" if source else ""
    return ""
