"""The batch script that Slurm runs on a node: bash, without a secret or a value of the job in it. Pure.

It works in the job's folder on the shared file system: ``settings``, ``arguments`` and ``environment`` are read from
there; ``started``, ``log``, ``output.tar`` and at last ``status`` are written there. A signal asks the training to end,
in the runtime's own way, so that its outputs still come back.
"""

from __future__ import annotations

import shlex

from jupyter_mlpack.frozen import dataclass

SHARED_MEMORY = 1 << 30
"""Bytes of /dev/shm for containers at most: data loaders need more than the usual 64 MiB."""

HEAD = r"""#!/bin/bash
# A training, submitted by jupyter mlpack. Its arguments, environment and secrets are in files beside this one.
set -u
umask 077
cd -- @FOLDER@ || exit 1
# Submitted twice by mischance, it still runs once.
if ! (set -o noclobber; printf %s "$SLURM_JOB_ID" >started) 2>/dev/null && [ "$(cat started)" != "$SLURM_JOB_ID" ]; then
  echo "Slurm's job $(cat started) is this training" >&2
  exit 0
fi
. ./settings
mapfile -d '' arguments <arguments
grace=@GRACE@ asked= child= step=image code=1 oom=false output=$PWD/output

settle() { # the last word
  printf 'exit=%s\nstep=%s\nasked=%s\noom=%s\n' "$code" "$step" "$asked" "$oom" >status.part
  mv status.part status
  exit "$code"
}
fails() { code=$?; [ -z "$asked" ] || code=143; settle; }
variables() { # of the training, each name with a prefix
  local entry
  while IFS= read -r -d '' entry; do export "$1$entry"; done <environment
}
await() { # the child's end; a signal only interrupts the waiting
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  wait "$child"
  code=$?
}
stop() { :; }
trap 'asked=yes; stop' TERM
"""

CONTAINER = r"""
engine=$(command -v @RUNTIME@) || { echo "@RUNTIME@ is not on this node" >&2; code=127; settle; }
stop() {
  [ -n "$child" ] || return 0
  while kill -0 "$child" 2>/dev/null; do "$engine" stop --time "$grace" "$name"; sleep 0.2; done >/dev/null 2>&1 &
}
if ! "$engine" image inspect "$image" >/dev/null 2>&1; then
  if [ -n "$archive" ]; then "$engine" load --quiet --input "$archive" || fails
  else "$engine" pull --quiet "$image" || fails; fi
fi
[ -z "$asked" ] || fails
step=create
"$engine" rm --force --volumes "$name" >/dev/null 2>&1
create() {
  local names=() entry
  while IFS= read -r -d '' entry; do names+=(--env "${entry%%=*}"); done <environment
  variables ''
  exec "$engine" create --name "$name" --label "org.jupyter-mlpack.job=$name" --init --cap-drop ALL \
    --security-opt no-new-privileges --read-only --tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777 \
    --shm-size @SHM@ --volume /output --user "$user"@WORDS@ "${names[@]}" "$image" "${arguments[@]}"
}
(create) >/dev/null || fails
step=start
[ -z "$asked" ] || { "$engine" rm --volumes "$name" >/dev/null; fails; }
"$engine" start --attach "$name" </dev/null >>log 2>&1 &
child=$!
[ -z "$asked" ] || stop
await
code=$("$engine" inspect --format '{{.State.ExitCode}}' "$name")
oom=$("$engine" inspect --format '{{.State.OOMKilled}}' "$name")
[ -n "$("$engine" inspect --format '{{.State.Error}}' "$name")" ] || step=done
"$engine" cp "$name:/output" - >output.part && mv output.part output.tar
"$engine" rm --force --volumes "$name" >/dev/null
settle
"""

COMMAND = r"""
stop() {
  [ -n "$child" ] || return 0
  (kill -TERM "$child"; sleep "$grace"; kill -KILL "$child") 2>/dev/null &
}
mkdir -p output
@CHECK@
[ -z "$asked" ] || fails
step=start
(@COMMAND@) </dev/null >>log 2>&1 &
child=$!
[ -z "$asked" ] || stop
await
[ -e refused ] || step=done
tar --create --file output.part output && mv output.part output.tar
settle
"""

APPTAINER = (
    'variables @NAME@ENV_; exec @RUNTIME@ run --containall --cleanenv --pwd "$directory" --bind "$output:/output"'
    '@WORDS@ "$image" "${arguments[@]}"'
)
PYXIS = (
    'variables ""; exec srun --nodes 1 --ntasks 1 --container-image "$image" --no-container-mount-home'
    ' --container-entrypoint --container-workdir "$directory" --container-mounts "$output:/output"@WORDS@'
    ' "${arguments[@]}"'
)
ABSENT = 'command -v @RUNTIME@ >/dev/null || { echo "@RUNTIME@ is not on this node" >&2; code=127; settle; }'
CHECKS = {
    "apptainer": ABSENT,
    "singularity": ABSENT,
    "pyxis": "srun --help 2>&1 | grep --quiet container-image || "
    '{ echo "Slurm has no plugin pyxis on this node" >&2; code=127; settle; }',
}
"""What says that a runtime is not there: the shell's own words would look like the training's."""
OWN = 'exec "$python" -m jupyter_mlpack.engines.slurm_node "$PWD"'
CUSTOM = 'variables ""; exec @COMMAND@ "${arguments[@]}"'

RUNTIMES = ("docker", "podman", "apptainer", "singularity", "pyxis", "process")
"""What a site may have to run containers with; ``process`` is our own process engine, over a store that nodes see."""


@dataclass(frozen=True)
class Script:
    """What the script depends on. ``words`` go to the runtime as they are; ``command`` replaces the runtime."""

    folder: str
    runtime: str
    grace: float
    words: tuple[str, ...] = ()
    gpus: bool = False
    command: str = ""


def write_script(script: Script) -> str:
    """The text of the batch script."""
    words = "".join(f" {word}" for word in (*map(shlex.quote, script.words), *gpu_words(script)))
    body, name = CONTAINER, script.runtime.upper()
    if script.command:
        body = COMMAND.replace("@COMMAND@", CUSTOM.replace("@COMMAND@", script.command))
    elif script.runtime in ("apptainer", "singularity"):
        body = COMMAND.replace("@COMMAND@", APPTAINER)
    elif script.runtime == "pyxis":
        body = COMMAND.replace("@COMMAND@", PYXIS)
    elif script.runtime == "process":
        body = COMMAND.replace("@COMMAND@", OWN)
    filled = {
        "@CHECK@": ":" if script.command else CHECKS.get(script.runtime, ":"),
        "@FOLDER@": shlex.quote(script.folder),
        "@GRACE@": str(max(1, round(script.grace))),
        "@RUNTIME@": script.runtime,
        "@NAME@": name,
        "@SHM@": str(SHARED_MEMORY),
        "@WORDS@": words,
    }
    text = HEAD + body
    for mark, value in filled.items():
        text = text.replace(mark, value)
    return text


def gpu_words(script: Script) -> tuple[str, ...]:
    """How the runtime is told of the GPUs that Slurm gave the job: Slurm says which in a variable."""
    if not script.gpus:
        return ()
    return {
        "docker": ('--gpus "\\"device=${CUDA_VISIBLE_DEVICES:-all}\\""',),
        "podman": ('$(printf -- " --device nvidia.com/gpu=%s" ${CUDA_VISIBLE_DEVICES//,/ })',),
        "apptainer": ("--nv",),
        "singularity": ("--nv",),
    }.get(script.runtime, ())
