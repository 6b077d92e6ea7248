"""What was typed cannot be done: an option, or what a command was pointed at."""

from __future__ import annotations

from jupyter_mlpack.errors.input import InputError


class OptionWrong(InputError):
    """An option or a setting that there is not, or with a value that it does not take."""

    code = "option-wrong"
    what = "The command line cannot be used: {problem}."
    hint = "All options, with examples: {command} --help"


class NoNotebooks(InputError):
    """A folder without a notebook in it."""

    code = "no-notebooks"
    what = "There is no notebook in {path} or below it."
    why = "Checkpoints, hidden folders, virtual environments and node_modules are not looked into."
    hint = "Name a notebook, or a folder that has some: jupyter mlpack inspect FOLDER"


class NotebookOrFolderNotNamed(InputError):
    """``inspect`` wants exactly one notebook or folder."""

    code = "notebook-or-folder-not-named"
    what = "One notebook or one folder is wanted; {given} were named."
    hint = "For example: jupyter mlpack inspect train.ipynb, or for all below this folder: jupyter mlpack inspect ."


class FolderUnreadable(InputError):
    """A folder that the system does not let us list."""

    code = "folder-unreadable"
    what = "The folder {path} cannot be read."
    why = "{reason}"
    hint = "Check the folder's permissions."


class FormatNeedsNotebook(InputError):
    """A lock is for one notebook, not for a folder of them."""

    code = "format-needs-notebook"
    what = "--format {format} is for one notebook; {path} is a folder."
    why = "Notebooks of one folder need not agree about versions, so they have no lock in common."
    hint = "Name one notebook, or take the union with the conflicts marked: --format requirements"


class ChoicesUnreadable(InputError):
    """``--choices`` with something that is no JSON object."""

    code = "choices-unreadable"
    what = "The choices cannot be read."
    why = "{reason}"
    hint = 'For example: --choices \'{{"ignore": ["cv3x"]}}\', or --choices @FILE with the same in a file.'


class ChoicesWrong(InputError):
    """A key that there is not, or a value that it does not take."""

    code = "choices-wrong"
    what = "The choices cannot be used: {problem}."
    hint = (
        "The keys: packages, modules, ignore, without, system, hardware, purpose, name, python, predict, requirements, "
        "groups, conda, model, platform, stack."
    )


class ChoiceOutside(InputError):
    """A choice names a file that a link in the notebook's folder leads out of it."""

    code = "choice-outside"
    what = "The choice {key} cannot be followed: {path} lies outside of the notebook's folder."
    why = "A notebook that somebody else wrote must not put files of this machine into an image."
    hint = "Copy the file into the notebook's folder, or name it on the command line: --requirements, --conda, --model."


class ChoicesNeedNotebook(InputError):
    """Choices are for one notebook, not for a folder of them."""

    code = "choices-need-notebook"
    what = "--choices are for one notebook; {path} is a folder."
    hint = "Name one notebook, or keep each one's choices in its metadata, under the key mlpack."


class VariableMissing(InputError):
    """A variable that a job shall have and that is not set."""

    code = "variable-missing"
    what = "The variable {name} is not set in this environment, so the job cannot have it."
    hint = "Set it before, for example: export {name}=...; in a panel, fill in its field."


class VariableNotNamed(InputError):
    """``--env NAME=VALUE``, or nothing."""

    code = "variable-not-named"
    what = "--env takes the name of a variable and nothing else."
    why = "Who lists this machine's processes sees what stands on a command line; {name!r} was followed by a value."
    hint = "Set the variable before, then name it: --env TOKEN"


class NoStacks(InputError):
    """A folder of stacks without one."""

    code = "no-stacks"
    what = "There is no stack in {folder}, so there is nothing to build on."
    why = "A stack is a folder with a stack.toml in it."
    hint = "Correct the setting stacks, or leave it out to have those that came with the package."
