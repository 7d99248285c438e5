"""The one door to the store: everything that can be asked of it, on plain records.

Holds no state but the open file, so it may be shared between threads. Its parts lie in `sessions`,
`reading`, `following`, `writing`, `queueing`, `operating` and `importing`, each with one reason to
change.
"""

from __future__ import annotations

from .following import Following
from .importing import Importing
from .operating import Operating
from .queueing import Queueing
from .reading import Reading
from .sessions import Sessions
from .writing import Writing


class Repository(Sessions, Reading, Following, Writing, Queueing, Operating, Importing):
    """Reads and writes of a session store.

    Every writing method is one BEGIN IMMEDIATE transaction: it is there whole, or not at all, and
    survives `kill -9` from the moment the method returns. All methods raise `StoreError` where the
    file can't be read or written.

    Args:
        database: The open file; the caller closes it.
    """
