"""What a notebook writes, as it names it."""

from __future__ import annotations

import pytest

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.commands import notebook_commands
from jupyter_mlpack.inspection.files import find_files
from jupyter_mlpack.inspection.folder import NoFolder
from jupyter_mlpack.inspection.surroundings import read_surroundings


def outputs(*sources: str) -> list[str]:
    cells = tuple(read_cell(number, source) for number, source in enumerate(sources, 1))
    around = read_surroundings(cells, notebook_commands("n.ipynb", cells), NoFolder())
    return [item.path for item in find_files("n.ipynb", cells, (), around).outputs]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("open('a.txt', 'w')", ["a.txt"]),
        ("open('a.txt', mode='ab')", ["a.txt"]),
        ("open(file='a.txt', mode='x')", ["a.txt"]),
        ("open('a.txt', 'r+')", ["a.txt"]),
        ("open('a.txt')", []),
        ("open('a.txt', 'rb')", []),
        ("Path('a.txt').write_text('hello')", ["a.txt"]),
        ("p = Path('out')\n(p / 'b.bin').write_bytes(b'')", ["out/b.bin"]),
        ("with Path('a.txt').open('w') as f:\n    f.write('x')", ["a.txt"]),
        ("Path('out').mkdir(exist_ok=True)", ["out"]),
        ("os.makedirs('out/a', exist_ok=True)", ["out/a"]),
        ("df.to_csv('a.csv')", ["a.csv"]),
        ("df.to_csv()", []),
        ("df.to_parquet(path='a.parquet')", ["a.parquet"]),
        ("np.save('a.npy', x)", ["a.npy"]),
        ("np.savez('a.npz', x=x)", ["a.npz"]),
        ("torch.save(model.state_dict(), 'm.pt')", ["m.pt"]),
        ("torch.save(model, f'checkpoint-{epoch}.pt')", ["checkpoint-{epoch}.pt"]),
        ("joblib.dump(model, 'm.joblib')", ["m.joblib"]),
        ("pickle.dump(model, open('m.pkl', 'wb'))", ["m.pkl"]),
        ("json.dump(x, open('m.json', 'w'))", ["m.json"]),
        ("model.save('m.keras')", ["m.keras"]),
        ("model.save_weights('w.h5')", ["w.h5"]),
        ("model.save_pretrained('out')", ["out"]),
        ("plt.savefig('a.png')", ["a.png"]),
        ("fig.write_html('a.html')", ["a.html"]),
        ("shutil.copy('a', 'b')", ["b"]),
        ("shutil.make_archive('a', 'zip', 'out')", ["a.zip"]),
        ("SummaryWriter('runs/a')", ["runs/a"]),
        ("TensorBoard(log_dir='logs')", ["logs"]),
        ("ModelCheckpoint('best.keras', save_best_only=True)", ["best.keras"]),
        ("ModelCheckpoint(dirpath='ck', filename='m-{epoch}')", ["m-{epoch}", "ck"]),
        ("TrainingArguments(output_dir='out', logging_dir='logs')", ["out", "logs"]),
        ("h5py.File('a.h5', 'w')", ["a.h5"]),
        ("h5py.File('a.h5', 'r')", []),
        ("zipfile.ZipFile('a.zip', 'w')", ["a.zip"]),
        ("tarfile.open('a.tar.gz', 'w:gz')", ["a.tar.gz"]),
        ("cv2.imwrite('a.png', img)", ["a.png"]),
        ("imageio.mimsave('a.gif', frames)", ["a.gif"]),
        ("sf.write('a.wav', x, 16000)", ["a.wav"]),
        ("f.write('a.wav')", []),
        ("%%writefile a.py\nx = 1", ["a.py"]),
        ("!echo hi > a.txt", ["a.txt"]),
        ("!python train.py 2>&1 | tee log.txt", ["log.txt"]),
        ("!pip install 'x>=2'", []),
        ("!wget -O a.csv https://example.org/b", ["a.csv"]),
        ("!wget -q https://example.org/b.csv?x=1", ["b.csv"]),
        ("!curl https://example.org/b.csv", []),
        ("urlretrieve('https://example.org/b.csv', 'a.csv')", ["a.csv"]),
        ("df.to_csv('s3://bucket/a.csv')", ["s3://bucket/a.csv"]),
        ("open('/dev/null', 'w')", []),
        ("df.to_csv(path)", []),
    ],
)  # fmt: skip
def test_find_files__code_that_writes__is_told_as_it_names_it(code: str, expected: list[str]) -> None:
    assert sorted(outputs(code)) == sorted(expected)


def test_find_files__output__has_its_place_and_no_secret() -> None:
    cells = (read_cell(1, "x = 1"), read_cell(4, "\ntorch.save(m, 'm.pt', token='hf_" + "aB3" * 12 + "')"))
    around = read_surroundings(cells, (), NoFolder())
    (found,) = find_files("n.ipynb", cells, (), around).outputs
    (evidence,) = found.evidence
    assert (evidence.location.cell, evidence.location.line) == (4, 2)
    assert evidence.text == "torch.save(m, 'm.pt', token='***')"
