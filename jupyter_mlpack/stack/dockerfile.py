"""A stack as a Dockerfile with two targets, ``run`` and ``build``, for teams that build bases with Docker. Pure.

What it makes works as what is assembled here does, without being the same in bytes: Docker's layers have dates, and
where a shell is, the packages' own scripts run. ``stack.toml`` is the only source.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from jupyter_mlpack.stack.assembling import PATH, SCRIPTS_ONLY, stack_labels
from jupyter_mlpack.stack.mixins import MIXINS, mixins
from jupyter_mlpack.values import Stack

HEAD = """\
# Made from stack.toml by `jupyter mlpack stack dockerfile {name}`; change that, not this.
#   docker build --target run   --tag TEAM/run:{name} .
#   docker build --target build --tag TEAM/build:{name} .
# BASE is the distribution: name it by digest to have the same every time. UV is the requirement by which uv comes, from
# PIP_INDEX_URL if that is said; authorities that the index needs: --secret id=ca,src=FILE
ARG BASE={distribution}:{suite}-slim
ARG UV=uv
"""

INSTALL = """\
RUN apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends {packages} \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log
"""

FINISH = """\
RUN groupadd --gid {gid} {user} \\
 && useradd --uid {uid} --gid {gid} --create-home --shell /bin/sh {user} \\
 && install --directory --owner={uid} --group={gid} /output /workspace \\
 && ln -sf python{python} /usr/bin/python3 && ln -sf python3 /usr/bin/python \\
 && python3 -m compileall -q --invalidation-mode unchecked-hash /usr/lib/python{python}
"""

UNPACK = """\
# Archives are unpacked beside the system that unpacks them: what is left out never was there.
FROM ${{BASE}} AS unpacked
SHELL ["/bin/sh", "-euc"]
RUN mkdir -p /root-folder/usr/bin /root-folder/usr/sbin /root-folder/usr/lib /root-folder/usr/lib64 /debs/partial; \\
    cd /root-folder; for folder in bin sbin lib lib64; do ln -s usr/$folder $folder; done; : > /debs/status; \\
    apt-get update; \\
    apt-get --yes --no-install-recommends --download-only -o Dir::State::status=/debs/status \\
      -o Dir::Cache::archives=/debs -o APT::Sandbox::User= install {packages}; \\
    mkdir -p var/lib/dpkg/status.d; \\
    for archive in /debs/*.deb; do \\
      name=$(dpkg-deb --field "$archive" Package); \\
      case " {left_out} " in *" $name "*) continue;; esac; \\
      dpkg-deb --fsys-tarfile "$archive" | tar --extract --keep-directory-symlink; \\
      dpkg-deb --field "$archive" > "var/lib/dpkg/status.d/$name"; \\
    done
RUN cd /root-folder; \\
    rm -rf {left_out_files}; \\
    rm -rf usr/share/man usr/share/info usr/share/locale usr/share/lintian usr/share/bug; \\
    find usr/share/doc -type f ! -name copyright -delete; \\
    cat usr/share/ca-certificates/*/*.crt > etc/ssl/certs/ca-certificates.crt; \\
    mkdir -p usr/lib/ssl home/{user} output workspace tmp var/tmp proc sys dev run root; chmod 1777 tmp var/tmp; \\
    ln -sf /etc/ssl/certs/ca-certificates.crt usr/lib/ssl/cert.pem; \\
    ln -sf ../usr/share/zoneinfo/Etc/UTC etc/localtime; \\
    ln -sf python{python} usr/bin/python3; ln -sf python3 usr/bin/python; \\
    printf '%s:/usr/sbin/nologin\\n' 'root:x:0:0:root:/root' 'nobody:x:65534:65534:nobody:/nonexistent' \\
      '{user}:x:{uid}:{gid}:{user}:/home/{user}' > etc/passwd; \\
    printf '%s\\n' 'root:x:0:' 'nogroup:x:65534:' '{user}:x:{gid}:' > etc/group; \\
    printf '%s\\n' 'passwd: files' 'group: files' 'hosts: files dns' 'services: files' > etc/nsswitch.conf; \\
    chown {uid}:{gid} home/{user} output workspace; \\
    ldconfig -r .; rm -rf var/cache/ldconfig; \\
    chroot . python{python} -m compileall -q --invalidation-mode unchecked-hash usr/lib/python{python} || true

FROM scratch AS run
COPY --from=unpacked /root-folder/ /
"""

UV = """\
FROM ${BASE} AS uv
ARG UV
ARG PIP_INDEX_URL
RUN --mount=type=secret,id=ca apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates python3-pip \\
 && if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \\
 && python3 -m pip install --no-cache-dir --no-deps --only-binary :all: --target /uv "${UV}"
"""


def dockerfile(stack: Stack) -> str:
    """The text. Equal recipes make equal texts."""
    words = {name: str(getattr(stack, name)) for name in ("name", "distribution", "suite", "python", "user")}
    words |= {"uid": str(stack.uid), "gid": str(stack.gid)}
    packages = {"packages": listed(stack.packages)}
    if stack.shell:
        run = "FROM ${BASE} AS run\n" + INSTALL.format(**packages) + FINISH.format(**words)
        build = "FROM run AS build\nUSER root\n" + INSTALL.format(packages=listed(sorted({*stack.build})))
    else:
        left_out = " ".join(sorted(SCRIPTS_ONLY.union(stack.left_out) - set(stack.packages)))
        files = " ".join(path.lstrip("/") for path in stack.left_out_files) or "nothing"
        run = UNPACK.format(**words, **packages, left_out=left_out, left_out_files=files)
        both = listed(sorted({*stack.packages, *stack.build}))
        build = "# A shell and tools are for building only.\nFROM ${BASE} AS build\n"
        build += INSTALL.format(packages=both) + FINISH.format(**words)
    labels = stack_labels(stack)
    own = {
        "org.opencontainers.image.title": f"mlpack build image {stack.name}",
        MIXINS: mixins(stack.packages, stack.build),
    }
    environment = {"PATH": PATH, "LANG": "C.UTF-8"}
    platform = {"CNB_USER_ID": words["uid"], "CNB_GROUP_ID": words["gid"]}
    platform["CNB_STACK_ID"] = labels["io.buildpacks.stack.id"]
    return "\n".join(
        [
            HEAD.format(**words),
            run + config(stack, environment, labels) + 'CMD ["/usr/bin/python3"]\n',
            UV,
            build
            + "COPY --from=uv /uv/bin/uv /usr/local/bin/uv\n"
            + config(stack, environment | platform, labels | own),
        ]
    )


def config(stack: Stack, environment: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """Environment, labels and account of an image."""
    return f"ENV {pairs(environment)}\nLABEL {pairs(labels)}\nUSER {stack.uid}:{stack.gid}\n"


def pairs(values: Mapping[str, str]) -> str:
    """Words of an instruction, one a line; JSON's quotes are Docker's, and a dollar is none of its variables."""
    return " \\\n    ".join(f"{key}={json.dumps(value).replace('$', chr(92) + '$')}" for key, value in values.items())


def listed(names: Iterable[str]) -> str:
    """Packages, one a line: a change is a line, too."""
    return "".join(f"\\\n      {name} " for name in names).rstrip()
