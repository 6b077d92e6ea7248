"""What an organisation asks of its images cannot be had: business tags, certificates, system packages."""

from __future__ import annotations

from jupyter_mlpack.errors.input import InputError


class BusinessTagsWrong(InputError):
    """A file of business tags that cannot be labels."""

    code = "business-tags-wrong"
    what = "The business tags of {path} cannot be used."
    where = "{path}"
    why = "{reason}"
    hint = "The file is plain YAML, one tag a line, for example: cost-center: '4711'"


class BusinessTagMissing(InputError):
    """A tag that every image must have, and nobody gives."""

    code = "business-tag-missing"
    what = "The image would be without the business tag {missing}, which it must have here."
    where = "{where}"
    why = "Whoever looks after this machine lists the tags that every image has: {required}."
    hint = "Write it into business-tags.yaml beside the notebook, for example: {example}: ..."


class CertificatesWrong(InputError):
    """Certificates that somebody names and that are none."""

    code = "certificates-wrong"
    what = "The certificates of {path} cannot be used."
    where = "{path}"
    why = "{reason}"
    hint = "A file holds certificates in PEM: -----BEGIN CERTIFICATE----- and so on, one after the other."
