"""A small training image, made by hand from one static binary: for tests that run it in any engine."""

from __future__ import annotations

import platform
import shutil
import struct
from pathlib import Path

import pytest

from jupyter_mlpack.engines.process import MACHINES
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar

IMAGE = "test/train:1"
SERVICE = "test/serve:1"
APPLETS = ("sh", "cat", "env", "id", "kill", "ln", "ls", "mkdir", "mkfifo", "ps", "readlink", "sleep", "touch", "chmod")
TRAIN = r"""#!/bin/sh
mode=plain lines=20 each=1 tag=
trace() { if [ -n "$tag" ]; then echo "$1" >> /traces/$tag; fi }
for argument; do
  echo "argument $argument"
  case $argument in mode=*) mode=${argument#mode=\"}; mode=${mode%\"} ;; lines=*) lines=${argument#lines=} ;;
    each=*) each=${argument#each=} ;;
    tag=*) tag=${argument#tag=\"}; tag=${tag%\"} ;; esac
done
echo "[mlpack] cell 1 of 2"
case $mode in
plain)
  for number in 1 2 3 4 5; do echo "out $number"; echo "error $number" >&2; done
  mkdir /output/models; echo weights > /output/models/w.bin; echo '{}' > /output/train.ipynb; echo "[mlpack] done" ;;
fail) echo "[mlpack] cell 2 failed: ValueError: no such column"; exit 1 ;;
look)
  echo "uid $(id -u)"; echo "directory $(readlink /proc/self/cwd)"; echo "root $(echo $(ls /))"
  for place in / /etc /cnb/process /output /tmp /dev/shm; do
    if touch $place/new 2>/dev/null; then echo "writable $place"; else echo "closed $place"; fi
  done
  env | while read -r line; do echo "env $line"; done
  while read -r line; do echo "status $line"; done < /proc/self/status ;;
path) if ls "$FIND" > /dev/null 2>&1; then echo visible; else echo invisible; fi ;;
put) ls "$FIND"; if touch "$FIND/new" 2>/dev/null; then echo writable; else echo closed; fi ;;
slow)
  for number in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "out $number"; echo "error $number" >&2; sleep 0.08; done
  mkdir /output/models; echo weights > /output/models/w.bin; echo "[mlpack] done" ;;
count)
  trap 'echo terminated; trace terminated; exit 143' TERM
  trace started; number=0
  while [ $number -lt $lines ]; do
    number=$((number + 1)); echo "line $number"
    if [ $((number % each)) = 0 ]; then sleep 0.05; fi
  done
  mkdir /output/models; echo weights > /output/models/w.bin; trace done; echo "[mlpack] done" ;;
wait) trap 'echo terminated; exit 143' TERM; echo half > /output/half; echo waiting; while :; do sleep 0.05; done ;;
nodes)
  trap 'echo terminated; exit 143' TERM
  read -r name < /etc/hostname; echo "at $name"
  env | while read -r line; do case $line in PET_*) echo "env $line" ;; esac; done
  for number in 1 2 3 4 5 6; do echo "line $number"; sleep 0.4; done
  if [ "$FAILING" = "$PET_NODE_RANK" ]; then exit 3; fi
  while [ -n "$FAILING" ]; do sleep 0.05; done
  place=/output; if [ "$PET_NODE_RANK" != 0 ]; then place=/output/node-$PET_NODE_RANK; mkdir $place; fi
  echo "of $PET_NODE_RANK" > $place/w.bin ;;
meet)
  if [ "$PET_NODE_RANK" = 0 ]; then busybox nc -l -p $PET_MASTER_PORT
  else until echo "met node $PET_NODE_RANK" | busybox nc $PET_MASTER_ADDR $PET_MASTER_PORT; do sleep 0.2; done; fi ;;
stubborn) trap '' TERM; echo waiting; while :; do sleep 0.05; done ;;
killed) kill -9 $$ ;;
hungry) text=0123456789abcdef; while :; do text=$text$text; done ;;
orphan) sleep 1000 & echo left ;;
hostile)
  ln -s /etc /output/absolute; ln -s ../../etc /output/climbing; mkfifo /output/pipe
  ln -s models /output/inside; mkdir /output/models; echo weights > /output/models/w.bin
  echo setuid > /output/setuid; chmod 6755 /output/setuid ;;
esac
"""
SERVE = """#!/bin/sh
mkdir /tmp/pages
echo "$GREETING from a service" > /tmp/pages/index.html
trap 'echo drained; exit 0' TERM
busybox httpd -f -p ${MLPACK_HOST:-0.0.0.0}:$PORT -h /tmp/pages &
echo "[mlpack] answers"
while :; do sleep 0.05; done
"""


def static_busybox() -> Path:
    found = shutil.which("busybox")
    if found is None:
        pytest.skip("NOT TESTED: no busybox here (Debian: apt-get install busybox-static)")
    if names_a_loader(Path(found).read_bytes()):
        pytest.skip("NOT TESTED: busybox is not static (Debian: apt-get install busybox-static)")
    return Path(found)


def names_a_loader(program: bytes) -> bool:
    """Whether a 64-bit ELF file has a program header of the type PT_INTERP."""
    start, size, count = struct.unpack_from("<Q", program, 32)[0], *struct.unpack_from("<HH", program, 54)
    return any(struct.unpack_from("<I", program, start + number * size)[0] == 3 for number in range(count))


def entries(busybox: Path) -> list[TarEntry]:
    folders = ("bin", "cnb", "cnb/process", "dev", "etc", "output", "proc", "tmp", "workspace")
    owned = {"output": 1000, "workspace": 1000}
    made = [
        TarEntry(f"/{name}", "directory", 0o1777 if name == "tmp" else 0o755, owned.get(name, 0), owned.get(name, 0))
        for name in folders
    ]
    made.append(TarEntry("/bin/busybox", "file", 0o755, 0, 0, size=busybox.stat().st_size, source=busybox))
    made += [TarEntry(f"/bin/{name}", "symlink", 0o777, 0, 0, link="busybox") for name in APPLETS]
    for path, mode, text in (
        ("/cnb/process/train", 0o755, TRAIN),
        ("/cnb/process/serve", 0o755, SERVE),
        ("/etc/passwd", 0o644, "root:x:0:0::/:/bin/sh\nmlpack:x:1000:1000::/home/mlpack:/bin/sh\n"),
    ):
        made.append(TarEntry(path, "file", mode, 0, 0, size=len(text), data=text.encode()))
    return made


def train_config(diff_id: str) -> ImageConfig:
    return ImageConfig(
        architecture=MACHINES[platform.machine()],
        os="linux",
        diff_ids=(diff_id,),
        history=(),
        env=(("PATH", "/bin"), ("GREETING", "hello")),
        entrypoint=("/cnb/process/train",),
        cmd=(),
        working_dir="/workspace",
        user="mlpack",
        labels=(),
    )


def add_images(store: Store) -> None:
    """The training image and the service in a store. Skips where there is no static busybox."""
    busybox = static_busybox()
    layer = store.add_layer(lambda out: write_tar(out, entries(busybox)))
    config = train_config(layer.diff_id)
    store.tag(IMAGE, store.add_image(config, [layer]).descriptor)
    store.tag(SERVICE, store.add_image(replace(config, entrypoint=("/cnb/process/serve",)), [layer]).descriptor)
