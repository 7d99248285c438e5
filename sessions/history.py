"""The history of a session as a tree of steps with named branches and one cursor.

Owns the rules of undo, redo, goto and branching. Pure: knows no store, no model and no screen;
whoever holds it writes the outcome down and moves the weights. Quick at 10,000 steps: a move costs
its own length, and what costs the length of a path is kept until the tree changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import UsageError
from ..store.records import BASE, CursorRecord
from .names import BASE_NAME, NUMBER, check_branch_name, counted_name


@dataclass(frozen=True, slots=True)
class Node:
    """One step in the tree.

    Attributes:
        step: Its number, counted from 1 over the whole session.
        parent: The step it was made on; 0 is the base.
        depth: Its place on the path, counted from 1.
    """

    step: int
    parent: int
    depth: int


class History:
    """The tree, its branches and the cursor of one session.

    Args:
        nodes: All steps, in any order.
        branches: Branch name to the step at its tip, oldest branch first.
        cursor: Where the session stands.

    Raises:
        ValueError: The parts do not form a tree with its cursor on its branch.
    """

    def __init__(
        self, nodes: Iterable[Node], branches: Mapping[str, int], cursor: CursorRecord
    ) -> None:
        self._nodes = {node.step: node for node in nodes}
        self._branches = dict(branches)
        self._cursor = cursor
        self._line: list[int] | None = None
        self._owners: dict[int, str] | None = None
        self._children: dict[int, list[int]] = {}
        for step in sorted(self._nodes):
            self._children.setdefault(self._nodes[step].parent, []).append(step)
        self._last = max(self._nodes, default=BASE)
        self._check()

    def _check(self) -> None:
        for node in self._nodes.values():
            if node.step <= node.parent or (node.parent and node.parent not in self._nodes):
                raise ValueError(f"step {node.step} names {node.parent} as its parent")
            if node.depth != self.depth(node.parent) + 1:
                raise ValueError(f"step {node.step} is not at depth {node.depth} of its path")
        for name, tip in self._branches.items():
            if tip and tip not in self._nodes:
                raise ValueError(f"branch {name!r} ends at step {tip}, which does not exist")
        if self._cursor.branch not in self._branches:
            raise ValueError(f"the cursor is on branch {self._cursor.branch!r}, which is unknown")
        if not self.holds(self._cursor.step):
            raise ValueError(f"step {self._cursor.step} is not on branch {self._cursor.branch!r}")
        loose = self._nodes.keys() - self._owned().keys()
        if loose:
            raise ValueError(f"step {min(loose)} is on no branch")

    @property
    def nodes(self) -> Mapping[int, Node]:
        """All steps by number."""
        return self._nodes

    @property
    def branches(self) -> Mapping[str, int]:
        """Branch name to the step at its tip, oldest first."""
        return self._branches

    @property
    def cursor(self) -> CursorRecord:
        """Where the session stands."""
        return self._cursor

    @property
    def tip(self) -> int:
        """The last step of the current branch."""
        return self._branches[self._cursor.branch]

    @property
    def at_tip(self) -> bool:
        """Whether a new step would extend the current branch."""
        return self._cursor.step == self.tip

    @property
    def next_step(self) -> int:
        """The number the next step gets."""
        return self._last + 1

    @property
    def is_linear(self) -> bool:
        """Whether all steps lie on one path and there is one branch."""
        return len(self._branches) == 1 and all(len(c) == 1 for c in self._children.values())

    def depth(self, step: int) -> int:
        """How many deltas lie between the base and `step`."""
        return 0 if step == BASE else self.node(step).depth

    def node(self, step: int) -> Node:
        """The step with this number.

        Raises:
            UsageError: There is no such step.
        """
        try:
            return self._nodes[step]
        except KeyError:
            raise UsageError(f"there is no step {step}", self._range_hint()) from None

    def children(self, step: int) -> tuple[int, ...]:
        """The steps made on `step`, oldest first."""
        return tuple(self._children.get(step, ()))

    def path(self, step: int | None = None) -> tuple[int, ...]:
        """The steps from the base to `step` (default: the cursor), first edit first."""
        target = self._cursor.step if step is None else step
        line = self._tip_line()
        depth = self.depth(target)
        if depth == 0 or (depth <= len(line) and line[depth - 1] == target):
            return tuple(line[:depth])
        return tuple(self._climb(target))

    def holds(self, step: int) -> bool:
        """Whether `step` lies on the current branch (the base lies on every branch)."""
        if step == BASE:
            return True
        node = self._nodes.get(step)
        line = self._tip_line()
        return node is not None and node.depth <= len(line) and line[node.depth - 1] == step

    def branch_of(self, step: int) -> str:
        """The branch a goto to `step` arrives on: the current one if it holds the step, else the
        most recently grown of those that do.

        Raises:
            UsageError: There is no such step.
        """
        if self.holds(step):
            return self._cursor.branch
        return self._owned()[self.node(step).step]

    def undo_target(self, n: int = 1) -> CursorRecord:
        """The cursor `n` steps nearer to the base, on the same branch.

        Raises:
            UsageError: `n` is below 1 or there are fewer than `n` steps to undo.
        """
        _check_count(n, "undo")
        depth = self.depth(self._cursor.step)
        if n > depth:
            raise UsageError(
                "nothing to undo: the cursor is at the base"
                if depth == 0
                else f"can't undo {n} steps: there are {depth} between the cursor and the base",
                "`redo` goes forward, `goto STEP` anywhere" if self._nodes else "no edit yet",
            )
        return CursorRecord(self._cursor.branch, self._on_line(depth - n))

    def redo_target(self, n: int = 1) -> CursorRecord:
        """The cursor `n` steps nearer to the tip of its branch.

        Raises:
            UsageError: `n` is below 1 or there are fewer than `n` steps to redo.
        """
        _check_count(n, "redo")
        depth = self.depth(self._cursor.step)
        ahead = len(self._tip_line()) - depth
        if n > ahead:
            branch = self._cursor.branch
            raise UsageError(
                f"nothing to redo: the cursor is at the tip of branch {branch!r}"
                if ahead == 0
                else f"can't redo {n} steps: there are {ahead} to the tip of branch {branch!r}",
                "`goto BRANCH` changes the branch" if len(self._branches) > 1 else "",
            )
        return CursorRecord(self._cursor.branch, self._on_line(depth + n))

    def goto_target(self, ref: int | str) -> CursorRecord:
        """The cursor at a step number, at "base", or at the tip of the branch named `ref`.

        Raises:
            UsageError: Neither a step, nor "base", nor a branch.
        """
        if isinstance(ref, str) and ref in self._branches:
            return CursorRecord(ref, self._branches[ref])
        step = self.resolve(ref)
        return CursorRecord(self.branch_of(step), step)

    def resolve(self, ref: int | str) -> int:
        """The step number that `ref` (a number, "base" or a branch name) stands for.

        Raises:
            UsageError: Neither a step, nor "base", nor a branch.
        """
        if isinstance(ref, str):
            text = ref.strip()
            if text in self._branches:
                return self._branches[text]
            if text == BASE_NAME:
                return BASE
            if not NUMBER.match(text):
                raise UsageError(
                    f"{ref!r} is neither a step, nor a branch, nor {BASE_NAME!r}",
                    f"{self._range_hint()}; branches: {', '.join(self._branches)}",
                )
            ref = int(text)
        return BASE if ref == BASE else self.node(ref).step

    def after_edit(self) -> str:
        """The branch a new step goes on: the current one at its tip, else "main-2", "main-3", …"""
        branch = self._cursor.branch
        return branch if self.at_tip else counted_name(branch, self._branches)

    def grow(self, step: int) -> CursorRecord:
        """Add `step` on the cursor, on the branch that `after_edit` names, and move there.

        Raises:
            ValueError: `step` is not higher than every step so far.
        """
        if step <= self._last:
            raise ValueError(f"step {step} is not new: the last is {self._last}")
        extends, branch, parent = self.at_tip, self.after_edit(), self._cursor.step
        self._nodes[step] = Node(step, parent, self.depth(parent) + 1)
        self._children.setdefault(parent, []).append(step)
        self._last = step
        self._branches[branch] = step
        self._cursor = CursorRecord(branch, step)
        if extends and self._line is not None:
            self._line.append(step)
        else:
            self._line = None
        if self._owners is not None:
            self._own(branch, step)
        return self._cursor

    def move(self, cursor: CursorRecord) -> None:
        """Put the cursor somewhere that one of the `…_target` methods gave.

        Raises:
            UsageError: The step does not exist.
            ValueError: The step is not on that branch.
        """
        before, line = self._cursor, self._line
        if cursor.branch not in self._branches:
            raise ValueError(f"there is no branch {cursor.branch!r}")
        if cursor.branch != before.branch:
            self._line = None
        self._cursor = cursor
        if not self.holds(cursor.step):
            self._cursor, self._line = before, line
            raise ValueError(f"step {cursor.step} is not on branch {cursor.branch!r}")

    def new_branch(self, name: str, at: int | str | None = None) -> CursorRecord:
        """What the cursor becomes when branch `name` is made at `at` (default: the cursor).

        Raises:
            UsageError: The name can't be used or is taken; the step does not exist.
        """
        check_branch_name(name)
        if name in self._branches:
            raise UsageError(f"there is a branch {name!r} already", f"`goto {name}` goes there")
        step = self._cursor.step if at is None else self.resolve(at)
        return CursorRecord(name, step)

    def add_branch(self, name: str, tip: int) -> None:
        """Make a branch that ends at `tip` and put the cursor there."""
        self._branches[name] = tip
        self.move(CursorRecord(name, tip))

    def check_rename(self, old: str, new: str) -> None:
        """Raise where branch `old` can't be called `new`.

        Raises:
            UsageError: No branch `old`, or `new` can't be used or is taken.
        """
        if old not in self._branches:
            raise UsageError(f"there is no branch {old!r}", "`branch` lists them")
        check_branch_name(new)
        if new in self._branches:
            raise UsageError(f"there is a branch {new!r} already")

    def rename_branch(self, old: str, new: str) -> None:
        """Give a branch another name; the order of branches stays.

        Raises:
            UsageError: No branch `old`, or `new` can't be used or is taken.
        """
        if old not in self._branches:
            raise UsageError(
                f"there is no branch {old!r}", f"there are {', '.join(self._branches)}"
            )
        check_branch_name(new)
        if new in self._branches:
            raise UsageError(f"there is a branch {new!r} already")
        self._branches = {new if n == old else n: tip for n, tip in self._branches.items()}
        self._owners = None
        if self._cursor.branch == old:
            self._cursor = CursorRecord(new, self._cursor.step)

    def _tip_line(self) -> list[int]:
        if self._line is None:
            self._line = self._climb(self.tip)
        return self._line

    def _climb(self, step: int) -> list[int]:
        steps = []
        while step != BASE:
            steps.append(step)
            step = self.node(step).parent
        steps.reverse()
        return steps

    def _on_line(self, depth: int) -> int:
        return BASE if depth == 0 else self._tip_line()[depth - 1]

    def _owned(self) -> dict[int, str]:
        """Step to the most recently grown branch that holds it: each step is visited once."""
        if self._owners is None:
            self._owners = {}
            for name, tip in sorted(self._branches.items(), key=lambda item: -item[1]):
                step = tip
                while step != BASE and step not in self._owners:
                    self._owners[step] = name
                    step = self._nodes[step].parent
        return self._owners

    def _own(self, branch: str, step: int) -> None:
        """Keep the owners right after `branch` grew by `step`, or drop them where that is long."""
        assert self._owners is not None
        # The branch that owns the first step of its path owns all of it: what a later one owned
        # further on, it would own from the base. Else this growth takes over shared steps.
        first = self._on_line(1)
        if first == step or self._owners.get(first) == branch:
            self._owners[step] = branch
        else:
            self._owners = None

    def _range_hint(self) -> str:
        return f"steps go from 1 to {self._last}" if self._last else "there are no steps yet"


def _check_count(n: int, verb: str) -> None:
    if n < 1:
        raise UsageError(f"can't {verb} {n} steps", "give a number from 1")
