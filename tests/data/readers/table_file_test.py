import numpy as np
import pytest
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.data.readers import table_file


@pytest.fixture
def read(tmp_path):
    def run(text, label_column=None):
        path = tmp_path / "table.csv"
        path.write_text(text, errors="surrogateescape")
        return table_file.read(path, label_column)

    return run


def test_names_numbers_and_classes(read):
    found = read('a,kind,"b, c"\n1,red,2.5\n\n-3e2, blue ,0\n4,red,1\n', "kind")
    assert found.columns == ("a", "b, c")
    np.testing.assert_array_equal(found.values, [[1, 2.5], [-300, 0], [4, 1]])
    assert found.class_names == ("blue", "red")
    np.testing.assert_array_equal(found.labels, [1, 0, 1])
    assert found.labels.dtype == np.int64


def test_without_names_columns_are_numbered(read):
    found = read("\ufeff1,10\n2,9\n3,10\n", "1")
    assert found.columns == ("0",) and found.class_names == ("9", "10")
    np.testing.assert_array_equal(found.labels, [1, 0, 1])
    np.testing.assert_array_equal(found.values, [[1], [2], [3]])


def test_arrays(tmp_path):
    path = tmp_path / "table.npy"
    np.save(path, np.array([[1, 2, 0], [3, 4, 1]], np.int32))
    found = table_file.read(path, "2")
    assert found.columns == ("0", "1") and found.class_names == ("0", "1")
    np.testing.assert_array_equal(found.values, [[1, 2], [3, 4]])
    for wrong in (np.zeros(3), np.zeros((2, 3, 4)), np.array([["a"]])):
        np.save(path, wrong)
        with pytest.raises(errors.DataError, match=r"need numbers \[rows"):
            table_file.read(path)
    np.save(path, np.array([[1.0, 2.0], [3.0, np.inf]]))
    with pytest.raises(errors.DataError, match="line 2, column '1' holds inf"):
        table_file.read(path)


@pytest.mark.parametrize(
    "text, words",
    [
        ("a,b\n1,2\n3,\n", "line 3, column 'b' holds nothing, where a value"),
        ("a,b\n1,2\n\n3,nan\n", "line 4, column 'b' holds nan"),
        ("a,b\n1,2\n3,red\n", "column 'b' holds 'red', .*--label_column"),
        ("a,b\n1,2\n3,inf\n", "column 'b' holds inf"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells, and there are 2 columns"),
        ("a,a\n1,2\n", "the name 'a' is there twice"),
        ("a,\n1,2\n", "the name '.*' is there twice, empty"),
        ("a,b\n", "holds no rows"),
        ("", "holds no rows"),
        ('a,b\n"1,2\n', "is no line of a table"),
    ],
)
def test_what_is_no_table(text, words, read):
    with pytest.raises(errors.DataError, match=words) as caught:
        read(text)
    assert "\n" not in str(caught.value)


def test_columns_of_classes(read, tmp_path):
    with pytest.raises(errors.UsageError, match=r"label_column=c: .*a, b"):
        read("a,b\n1,2\n", "c")
    with pytest.raises(errors.DataError, match="column 'b' holds nothing"):
        read("a,b\n1,\n", "b")
    with pytest.raises(errors.DataError, match="no column but a"):
        read("a\n1\n", "a")
    with pytest.raises(errors.DataError, match=r"a \.npy or a \.csv file"):
        table_file.read(tmp_path / "table.txt")
    for name in ("none.csv", "none.npy"):
        with pytest.raises(errors.DataError, match="There is no file"):
            table_file.read(tmp_path / name)


@pytest.mark.parametrize(
    "values, names",
    [
        (np.array([1000002, 1000001, 2**53 + 1]),
         ("1000001", "1000002", "9007199254740993")),
        (np.float32([0.25, 0.1, 1e-7]), ("0.0000001", "0.1", "0.25")),
        (np.array([0.0, -0.0, 1.0]), ("0", "1")),
    ],
)  # fmt: skip
def test_numbers_of_classes_keep_their_digits(tmp_path, values, names):
    # By six digits, 1000001 and 1000002 would be one class.
    rows = np.stack([values, values[::-1]], axis=1)
    np.save(tmp_path / "rows.npy", rows)
    found = table_file.read(tmp_path / "rows.npy", "0")
    assert found.class_names == names
    for name, value in zip(names, np.unique(values), strict=True):
        chosen = found.labels == names.index(name)
        np.testing.assert_array_equal(values[chosen], value)


def test_words_of_any_length_take_no_room_of_others(read):
    rows = "\n".join(f"{n},c{n % 2}" for n in range(10_000))
    with (
        within(seconds=60, megabytes=20),
        pytest.raises(errors.DataError, match="longer than 255 bytes"),
    ):
        read(f"x,kind\n{rows}\n1,{'a' * 100_000}\n", "kind")


def test_many_columns_are_refused_by_the_first_line(read):
    line = ",".join(map(str, range(10**5)))
    with (
        within(seconds=60, megabytes=30),
        pytest.raises(errors.DataError, match="has 100,000 names"),
    ):
        read(f"{line}\n" * 2)


def test_cells_take_the_room_of_numbers(read):
    text = "a,b\n" + "12,34\n" * 40_000
    with within(seconds=60, megabytes=4):
        assert read(text).values.shape == (40_000, 2)


def test_lines_end_where_files_say_so(read):
    found = read('a,"kind\nof"\n1,"x\u2028y"\n2,"p\nq"\n3,u\x1cv\n', "kind\nof")
    assert found.columns == ("a",) and found.values.tolist() == [[1], [2], [3]]
    assert found.class_names == ("p\nq", "u\x1cv", "x\u2028y")
    with pytest.raises(errors.DataError, match="line 4, column 'a' holds 'b'"):
        read('"a"\n1\n"\n2"\nb\n'.replace("\n2", "2"))


def test_numbers_with_marks_between_digits_are_none(read):
    with pytest.raises(errors.DataError, match="column 'a' holds '1_000'"):
        read("a\n1_000\n")


@pytest.mark.parametrize(
    "text", ["1," * 2**17, '"\n",' * 2**16, "\U0001f600" * 2**17]
)
def test_rows_become_no_more_cells_than_a_table_has(read, text, monkeypatch):
    assert table_file._ROW_CHARACTERS == 2**22
    monkeypatch.setattr(table_file, "_ROW_CHARACTERS", 2**16)
    with (
        within(seconds=60, megabytes=2),
        pytest.raises(errors.DataError, match="row has more than 65,536 cha"),
    ):
        read(text)


def test_files_are_read_line_by_line(read, tmp_path):
    """As one text, all characters would be as wide as the widest."""
    path = tmp_path / "wide.csv"
    path.write_text(f"{' ' * 100}1\n" * 10**5 + "\U0001f600\n")
    with (
        within(seconds=60, megabytes=4),
        pytest.raises(errors.DataError, match="line 100001, column '0' holds"),
    ):
        table_file.read(path)
    with pytest.raises(errors.DataError, match=r"line 2 is no line.*zeros"):
        read("1\n\0\n")
    with pytest.raises(errors.DataError, match="cannot be read as text"):
        read("1\n\udcff\n")


def test_classes_take_the_room_of_numbers(read, tmp_path):
    text = "a,b\n" + "1,red\n" * 10**5
    with within(seconds=60, megabytes=4):
        assert len(read(text, "b").labels) == 10**5
    text = "a,b\n" + "".join(f"1,w{n}\n" for n in range(65_537))
    with pytest.raises(errors.DataError, match="'b' has more than 65,536 cl"):
        read(text, "b")
    np.save(tmp_path / "a.npy", np.arange(2 * 65_537).reshape(-1, 2))
    with pytest.raises(errors.DataError, match="'1' has more than 65,536 cl"):
        table_file.read(tmp_path / "a.npy", "1")
