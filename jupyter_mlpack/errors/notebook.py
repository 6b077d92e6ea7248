"""The notebook, or the folder of notebooks, cannot be read or used."""

from __future__ import annotations

from jupyter_mlpack.errors.input import InputError


class NotebookMissing(InputError):
    """No file at the path."""

    code = "notebook-missing"
    what = "There is no notebook at {path}."
    hint = "Check the path; tab completion helps."


class NotebookIsFolder(InputError):
    """The path is a folder."""

    code = "notebook-is-folder"
    what = "{path} is a folder, not a notebook."
    hint = "Name one notebook, for example: jupyter mlpack build {path}/{example}"


class NotebookUnreadable(InputError):
    """The file is there but the system does not let us read it."""

    code = "notebook-unreadable"
    what = "{path} cannot be read."
    why = "{reason}"
    hint = "Check the file's permissions."


class NotebookTooLarge(InputError):
    """The file is larger than a notebook can sensibly be."""

    code = "notebook-too-large"
    what = "{path} is too large to read: {size}."
    why = "Up to {limit} are read. Outputs (images, data, widgets) usually make a notebook this large."
    hint = "Clear the outputs and save, for example: jupyter nbconvert --clear-output --inplace {path}"


class NotebookBlank(InputError):
    """The file holds nothing."""

    code = "notebook-blank"
    what = "{path} is an empty file."
    why = "A save may have been cut short."
    hint = "Open and save the notebook again, or take it from its checkpoint folder."


class NotebookNotText(InputError):
    """The file is binary."""

    code = "notebook-not-text"
    what = "{path} is not a notebook: it holds bytes that are not text."
    where = "byte {position}"
    why = "A notebook is a JSON text file in UTF-8."
    hint = "Check that the path names the notebook itself, not an archive, an image or a data file."


class NotebookBrokenJson(InputError):
    """The file is not well-formed JSON."""

    code = "notebook-broken-json"
    what = "{path} is damaged: it is not valid JSON."
    where = "line {line}, column {column}"
    why = "{reason}. An unfinished merge or an interrupted save does this."
    hint = "Repair that line in a text editor, or take the last good version of the file."


class NotebookStrangeJson(InputError):
    """The JSON is nested too deep, or holds a number too long, to be a notebook."""

    code = "notebook-strange-json"
    what = "{path} cannot be read: its JSON is nested too deep or holds a number too long."
    why = "No notebook that Jupyter saved looks like this."
    hint = "Check where the file comes from; save it again from JupyterLab."


class NotANotebook(InputError):
    """JSON, but no notebook."""

    code = "not-a-notebook"
    what = "{path} is not a notebook: it has no list of cells."
    hint = "Name an .ipynb file that JupyterLab can open."


class NotebookEmpty(InputError):
    """No code in the notebook."""

    code = "notebook-empty"
    what = "{path} has no code to run: none of its cells is a code cell with text."
    hint = "Add a code cell, or check that this is the right notebook."


class NotebookLanguage(InputError):
    """The notebook's kernel speaks another language than Python."""

    code = "notebook-language"
    what = "{path} is a notebook in {language}; only Python notebooks are supported so far."
    hint = "Choose a Python kernel for it, or build this notebook by other means."


class NotebookNotNamed(InputError):
    """A command wants exactly one notebook."""

    code = "notebook-not-named"
    what = "One notebook is wanted; {given} were named."
    hint = "For example: jupyter mlpack build train.ipynb"
