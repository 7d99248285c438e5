"""`romebench completion SHELL`: the script for a shell, and what the script asks for at each key.

The script hands over the words of the line; the answer has a candidate a line, with a tab and a
few words about it behind. Where there is none the shell completes files.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import click

from ..commands.common import SETTINGS, VALUED, common_params, session_option
from .fronts import COMPLETION, COMPLETION_ABOUT, FRONTS, OWN_WORDS, Front

_BASH = r"""# Completion of romebench for bash:
#   romebench completion bash > ~/.local/share/bash-completion/completions/romebench
_romebench() {
    local line
    COMPREPLY=()
    while IFS=$'\t' read -r line _; do
        [[ -n $line ]] && COMPREPLY+=("$(printf '%q' "$line")")
    done < <("${COMP_WORDS[0]}" completion bash -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _romebench romebench
"""

_ZSH = r"""#compdef romebench
# Completion of romebench for zsh, in a folder of $fpath:
#   romebench completion zsh > ~/.zfunc/_romebench
_romebench() {
    local line
    local -a typed found
    typed=("${(@Q)words[2,CURRENT]}")
    for line in "${(@f)$("${words[1]}" completion zsh -- "${typed[@]}" 2>/dev/null)}"; do
        [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    if (( ${#found} )); then
        _describe -V 'romebench' found
    else
        _files
    fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _romebench "$@"
else
    compdef _romebench romebench
fi
"""

_FISH = r"""# Completion of romebench for fish:
#   romebench completion fish > ~/.config/fish/completions/romebench.fish
function __romebench_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] completion fish -- $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c romebench -f -a '(__romebench_complete)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def completion_command() -> click.Command:
    """`romebench completion SHELL`."""

    def collect(shell: str, words: tuple[str, ...]) -> int:
        sys.stdout.write(_answer(list(words)) if words else SCRIPTS[shell])
        return 0

    return click.Command(
        COMPLETION,
        callback=collect,
        params=[
            click.Argument(["shell"], type=click.Choice(tuple(SCRIPTS))),
            click.Argument(
                ["words"], nargs=-1, metavar="[-- WORD...]", help="For the script: what is typed."
            ),
        ],
        help=COMPLETION_ABOUT[:1].upper() + COMPLETION_ABOUT[1:] + "; it says where it belongs.",
        short_help=COMPLETION_ABOUT,
        context_settings=SETTINGS,
    )


def _answer(words: list[str]) -> str:
    found = candidates(words[:-1], words[-1] if words else "")
    return "".join(f"{text}\t{' '.join(about.split())}\n" for text, about in found)


Candidates = Iterator[tuple[str, str]]


def candidates(before: list[str], last: str) -> Candidates:
    """What the last word can become, each with a remark; files are the shell's to complete.

    Args:
        before: The words between "romebench" and the last.
        last: The last word as far as it is typed.
    """
    if last == "=":  # bash takes "--rule=rome" apart
        last = ""
    before = [word for word in before if word != "="]
    flag, equals, value = last.partition("=")
    if equals and flag.startswith("--"):
        for text, about in candidates([*before, flag], value):
            yield f"{flag}={text}", about
        return
    yield from _after(_without_common(before), last)


def _without_common(before: list[str]) -> list[str]:
    """The words without the options that stand before a command's name, each with its value."""
    at = 0
    while at < len(before) and before[at].startswith("-"):
        step = 2 if before[at] in VALUED else 1
        if at + step > len(before):
            break  # its value is what is being typed
        at += step
    return before[at:]


def _after(before: list[str], last: str) -> Candidates:
    if not before:
        yield from _fitting(OWN_WORDS.items(), last)
        if last.startswith("-"):
            yield from _flags([*_root_options()], last)
    if before and before[0] in VALUED:
        yield from _of_registry(["log", before[0]], last)
    elif before[:1] == [COMPLETION]:
        yield from _fitting(((shell, "") for shell in SCRIPTS), last if len(before) == 1 else "-")
    elif before and before[0] in set(FRONTS):
        yield from _of_front(Front(before[0]), before[1:], last)
    else:
        yield from _of_registry(before, last)


def _root_options() -> Iterator[click.Parameter]:
    yield session_option()
    yield from common_params()
    yield click.Option(["--spec"], is_flag=True, help="Describe every command as JSON.")
    yield click.Option(["--version"], is_flag=True, help="Show the version.")
    yield click.Option(["--help"], is_flag=True, help="Show this.")


def _flags(params: list[click.Parameter], last: str) -> Candidates:
    options = (each for each in params if isinstance(each, click.Option))
    yield from _fitting(((each.opts[0], each.help or "") for each in options), last)


def _of_front(front: Front, before: list[str], last: str) -> Candidates:
    """Options of a front end; else what `sessions new` takes of the same, else a session."""
    from .start import front_command

    params = front_command(front).params
    if last.startswith("-"):
        yield from _flags(params, last)
        return
    waiting = {flag for each in params for flag in each.opts if flag.startswith("-")}
    if before and before[-1] in waiting:
        yield from _of_registry(["sessions", "new", before[-1]], last)
    elif not before or before[-1].startswith("-"):
        yield from _of_registry(["sessions", "show"], last)


def _of_registry(before: list[str], last: str) -> Candidates:
    """What the REPL would complete, without files and without the wording of edits."""
    from ..bench import Bench
    from ..commands.complete import complete
    from ..commands.sources import FILE, FOLDER
    from ..commands.words import quoted, words_of
    from ..paths import Paths

    line = "/" + "".join(f"{quoted(word)} " for word in before)
    with Bench(Paths.discover(), reads_only=True) as bench:
        for found in complete(line + (quoted(last) if last else ""), bench):
            words = words_of(found.text)
            whole = found.start == len(line) and len(words) == 1
            if whole and found.about not in (FILE, FOLDER):
                yield words[0].text, found.about


def _fitting(values: Iterable[tuple[str, str]], last: str) -> Candidates:
    return ((text, about) for text, about in values if text.startswith(last))
