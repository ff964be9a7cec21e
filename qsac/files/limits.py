"""Size limits, checked before memory is taken. They bound what one model file can ask of the machine that reads it.

Each check raises :class:`~qsac.errors.DoesNotFitError` (exit code 3) that names the bytes it would have needed.
"""

from __future__ import annotations

from qsac.errors import DoesNotFitError

MODEL_FILE_BYTES = 256 * 2**20
IR_FILE_BYTES = 256 * 2**20
TOKEN_FILE_BYTES = 2 * 2**30
CSV_FILE_BYTES = 256 * 2**20
CONTEXT = 2**16
OVERLAPS_CONTEXT = 2**12
DIMENSION = 2**12
TOKEN_ENTRIES = 2**26 + 2**12
TFIM_SITES = 12
HAMILTONIAN_QUBITS = 10
HAMILTONIAN_TERMS = 10_000
DIAGONALISATIONS = 2**39
"""Most trajectories of one data set, times the cube of their dimension: the work of diagonalising them."""
TEXT_FILE_BYTES = 64 * 2**20
TOKENIZER_FILE_BYTES = 16 * 2**20
SPLIT_CHARACTERS = 2**22
VOCABULARY = 2**16
TEXTS = 2**18
TEXT_CHARACTERS = 2**16
CLASSES = 2**8
TERMS = 2**15
"""Most words and pairs of words that a TF-IDF encoder has: the most frequent ones."""
TERMS_SEEN = 2**23
"""Most words and pairs of words that it counts, each once a text."""
KERNEL_DEGREE = 64
OVERLAP_HEADS = 64
LAYER_HEADS = 2**14
"""Most heads of all layers of a transformer together. Measured: ten thousand are read in a second."""
ANSATZ_LAYERS = 10_000
ANSATZ_ROTATIONS = 16
ANSATZ_PARAMETERS = 2**22
JSON_DEPTH = 64
NAME_CHARACTERS = 100
MAGNITUDE = 1e6
"""Largest dt, coupling, field and parameter scale: beyond it the phases of e^{-iHt} have no correct digits left."""
KERNEL_SCALE = 1e100
"""Largest, and its inverse the smallest, sum of the kernel's absolute coefficients."""

_COMPLEX_BYTES = 16


def size(number: float) -> str:
    """A number of bytes in words: ``1.5 GiB``."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if number < 1024:
            return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"
        number /= 1024
    return f"{number:,.1f} EiB" if number < 1e6 else f"{number:.1e} EiB"


def _exceeds(pointer: str, title: str, found: str, wanted: str, help: str, *, code: str) -> DoesNotFitError:
    return DoesNotFitError(
        title,
        code=code,
        pointer=pointer,
        found=found,
        wanted=wanted,
        help=help,
    )


def check_tokens(rows: int, dimension: int, pointer: str) -> None:
    """Whether T+1 = ``rows`` tokens of ``dimension`` entries may be held in memory as complex numbers."""
    needed = size(rows * max(dimension, 1) * _COMPLEX_BYTES)
    if rows > CONTEXT + 1:
        raise _exceeds(
            pointer,
            "the sequence is too long",
            f"{rows:,} tokens of dimension {dimension:,}, which take {needed}",
            f"at most {CONTEXT + 1:,} tokens (a context of {CONTEXT:,})",
            "cut the sequence into several models",
            code="capacity.sequence-too-long",
        )
    if dimension > DIMENSION:
        raise _exceeds(
            pointer,
            "the tokens have too many entries",
            f"dimension {dimension:,}: its unitaries take {size(_COMPLEX_BYTES * dimension**2)} each",
            f"at most dimension {DIMENSION:,} ({size(_COMPLEX_BYTES * DIMENSION**2)} a unitary)",
            "reduce the dimension of the tokens, for example by a projection",
            code="capacity.dimension-too-large",
        )
    if rows * dimension > TOKEN_ENTRIES:
        raise _exceeds(
            pointer,
            "the tokens take too much memory",
            f"{rows:,} tokens of dimension {dimension:,}, which take {needed}",
            f"at most {TOKEN_ENTRIES:,} entries ({size(TOKEN_ENTRIES * _COMPLEX_BYTES)})",
            "use fewer tokens or a smaller dimension",
            code="capacity.tokens-too-large",
        )


def check_overlaps(context: int, pointer: str) -> None:
    """Whether the matrix of all overlaps of ``context`` tokens may be held in memory."""
    if context > OVERLAPS_CONTEXT:
        raise _exceeds(
            pointer,
            "the matrix of overlaps is too large",
            f"{context:,} x {context:,} overlaps, which take {size(context**2 * _COMPLEX_BYTES)}",
            f"a context of at most {OVERLAPS_CONTEXT:,} ({size(OVERLAPS_CONTEXT**2 * _COMPLEX_BYTES)})",
            "cut the sequence into several models",
            code="capacity.overlaps-too-large",
        )


def check_tfim(sites: int, context: int, pointer: str) -> None:
    """Whether an Ising chain of ``sites`` may be diagonalised and its ``context`` + 1 states held."""
    if sites > TFIM_SITES:
        exponent = 2 * sites + 3
        needed = size(2.0**exponent) if exponent < 1000 else f"2^{exponent} bytes"
        raise _exceeds(
            f"{pointer}/sites",
            "the Ising chain has too many sites",
            f"{sites:,} sites: the Hamiltonian alone takes {needed}",
            f"at most {TFIM_SITES} sites ({size(2.0 ** (2 * TFIM_SITES + 3))})",
            "use fewer sites, or compute the states yourself and give them as a file",
            code="capacity.hamiltonian-too-large",
        )
    check_tokens(context + 1, 2**sites, f"{pointer}/context")


def check_hamiltonian(qubits: int, terms: int, context: int, pointer: str) -> None:
    """Whether a Hamiltonian on ``qubits`` may be diagonalised and its ``context`` + 1 states held."""
    if qubits > HAMILTONIAN_QUBITS:
        exponent = 2 * qubits + 4
        needed = size(2.0**exponent) if exponent < 1000 else f"2^{exponent} bytes"
        raise _exceeds(
            f"{pointer}/terms/0/paulis",
            "the Hamiltonian acts on too many qubits",
            f"{qubits:,} qubits: its matrix alone takes {needed}",
            f"at most {HAMILTONIAN_QUBITS} qubits ({size(2.0 ** (2 * HAMILTONIAN_QUBITS + 4))})",
            "use fewer qubits, or compute the states yourself and give them as a file",
            code="capacity.hamiltonian-too-large",
        )
    if terms > HAMILTONIAN_TERMS:
        raise _exceeds(
            f"{pointer}/terms",
            "the Hamiltonian has too many terms",
            f"{terms:,} terms",
            f"at most {HAMILTONIAN_TERMS:,} terms",
            "add up the coefficients of equal Pauli strings",
            code="capacity.hamiltonian-too-large",
        )
    check_tokens(context + 1, 2**qubits, f"{pointer}/context")


def check_sequences(number: int, length: int, entries: int, pointer: str) -> None:
    """Whether so many sequences of ``length`` tokens of so many ``entries`` may be held in memory as complex numbers;
    words have one entry."""
    total = number * length * entries
    if total > TOKEN_ENTRIES:
        shown = f"{number:,} sequences of {length:,} tokens" + (f" of {entries:,} entries" if entries > 1 else "")
        raise _exceeds(
            pointer,
            "the data take too much memory",
            f"{shown}, which take {size(_COMPLEX_BYTES * total)}",
            f"at most {TOKEN_ENTRIES:,} entries together ({size(_COMPLEX_BYTES * TOKEN_ENTRIES)})",
            "use fewer or shorter sequences",
            code="capacity.data-too-large",
        )


def check_diagonalisations(number: int, dimension: int, pointer: str) -> None:
    """Whether the Hamiltonians of so many trajectories may be diagonalised."""
    if number * dimension**3 > DIAGONALISATIONS:
        raise _exceeds(
            pointer,
            "the data take too long to compute",
            f"{number:,} Hamiltonians of dimension {dimension:,} to diagonalise",
            f"at most {max(1, DIAGONALISATIONS // dimension**3):,} of this dimension",
            "use fewer trajectories or fewer qubits, or compute the states yourself and give them as a series",
            code="capacity.data-too-large",
        )


def check_vocabulary(words: int, pointer: str) -> None:
    """Whether so many words may have an embedding."""
    if words > VOCABULARY:
        raise _exceeds(
            pointer,
            "the vocabulary is too large",
            f"{words:,} words, whose embedding takes {size(8 * words)} for each entry of a row",
            f"at most {VOCABULARY:,} words",
            "use characters, or byte-pair encoding with fewer words",
            code="capacity.data-too-large",
        )


def check_split(characters: int, pointer: str) -> None:
    """Whether a tokenizer may split a text of so many characters."""
    if characters > SPLIT_CHARACTERS:
        raise _exceeds(
            pointer,
            "the text is too long for a tokenizer",
            f"{characters:,} characters, which take {size(4 * characters)}",
            f"at most {SPLIT_CHARACTERS:,} characters",
            "cut the text into several models",
            code="capacity.sequence-too-long",
        )


def check_texts(number: int, longest: int, pointer: str = "") -> None:
    """Whether so many texts, the longest of so many characters, may be encoded."""
    if number > TEXTS:
        raise _exceeds(
            pointer,
            "there are too many texts",
            f"more than {TEXTS:,} texts",
            f"at most {TEXTS:,} texts",
            "cut the file into several",
            code="capacity.data-too-large",
        )
    if longest > TEXT_CHARACTERS:
        raise _exceeds(
            pointer,
            "a text is too long",
            f"{longest:,} characters",
            f"at most {TEXT_CHARACTERS:,} characters a text",
            "cut it into several texts",
            code="capacity.data-too-large",
        )


def check_classes(number: int, pointer: str = "") -> None:
    """Whether so many classes may be told apart."""
    if number > CLASSES:
        raise _exceeds(
            pointer,
            "there are too many classes",
            f"more than {CLASSES:,} different labels",
            f"at most {CLASSES:,} classes",
            "name the column that holds the classes: it may be that another one was taken",
            code="capacity.data-too-large",
        )


def check_terms(seen: int, pointer: str = "") -> None:
    """Whether so many words and pairs of words, each counted once a text, may be counted."""
    if seen > TERMS_SEEN:
        raise _exceeds(
            pointer,
            "the texts have too many words",
            f"more than {TERMS_SEEN:,} words and pairs of words",
            f"at most {TERMS_SEEN:,} in the texts that are trained with, each counted once a text",
            "train with fewer texts, or take an encoder that was trained before: minilm or wordllama",
            code="capacity.data-too-large",
        )


def check_features(number: int, entries: int, pointer: str = "") -> None:
    """Whether so many vectors of so many entries may be held in memory."""
    if number * entries > TOKEN_ENTRIES:
        raise _exceeds(
            pointer,
            "the vectors of the texts take too much memory",
            f"{number:,} vectors of {entries:,} numbers, which take {size(8 * number * entries)}",
            f"at most {TOKEN_ENTRIES:,} numbers together ({size(8 * TOKEN_ENTRIES)})",
            "cut the file into several, and encode the others as the first one (--fitted)",
            code="capacity.data-too-large",
        )


def check_file(found: int, limit: int, pointer: str, name: str) -> None:
    """Whether a token file of ``found`` bytes may be read."""
    if found > limit:
        raise _exceeds(
            pointer,
            "the token file is too large",
            f"{name} takes {size(found)}",
            f"at most {size(limit)} for this kind of file",
            "use fewer tokens" if limit != CSV_FILE_BYTES else "use fewer tokens, or save them as .npy",
            code="file.too-large",
        )


def check_degree(degree: int, pointer: str) -> None:
    """Whether a kernel of this degree may be used: each degree loads one more copy of the context."""
    if degree > KERNEL_DEGREE:
        raise _exceeds(
            pointer,
            "the kernel's degree is too high",
            f"degree {degree:,}: a circuit with {degree:,} score copies, {size(8 * (degree + 1))} of coefficients",
            f"at most degree {KERNEL_DEGREE} ({size(8 * (KERNEL_DEGREE + 1))})",
            "use a lower degree: the success probability falls exponentially with it",
            code="capacity.degree-too-high",
        )


def check_heads(heads: int, pointer: str) -> None:
    """Whether attention by overlap interference may have so many heads: each has tables of the whole context."""
    if heads > OVERLAP_HEADS:
        raise _exceeds(
            pointer,
            "there are too many heads",
            f"{heads:,} heads, each of which loads the whole context by tables of its own",
            f"at most {OVERLAP_HEADS} heads",
            "use fewer heads: the gates grow in proportion to them",
            code="capacity.too-many-heads",
        )


def check_layer_heads(heads: int, pointer: str) -> None:
    """Whether the layers of a transformer may have so many heads together."""
    if heads > LAYER_HEADS:
        raise _exceeds(
            pointer,
            "there are too many heads",
            f"{heads:,} heads in all layers together",
            f"at most {LAYER_HEADS:,} heads",
            "use fewer heads or layers: each head has four matrices of its own, and loads the whole context",
            code="capacity.too-many-heads",
        )


def check_factors(factors: int, what: str, pointer: str) -> None:
    """Whether a feed-forward of so many factors, or of this degree, may be used: each makes one more copy."""
    if factors > KERNEL_DEGREE:
        raise _exceeds(
            pointer,
            f"the {what} of the feed-forward is too high",
            f"{factors:,}: a circuit that makes {factors:,} copies of the attention",
            f"at most {KERNEL_DEGREE} ({size(8 * (KERNEL_DEGREE + 1))} of coefficients)",
            f"use a lower {what}: the success probability falls exponentially with it",
            code="capacity.degree-too-high",
        )


def check_matrices(entries: int, pointer: str) -> None:
    """Whether the matrices of a model, of so many ``entries`` together, may be held in memory."""
    if entries > TOKEN_ENTRIES:
        raise _exceeds(
            pointer,
            "the matrices of the model take too much memory",
            f"{entries:,} entries up to here, which take {size(_COMPLEX_BYTES * entries)}",
            f"at most {TOKEN_ENTRIES:,} entries ({size(_COMPLEX_BYTES * TOKEN_ENTRIES)})",
            "use fewer layers or smaller matrices",
            code="capacity.array-too-large",
        )


def check_angles(angles: int, pointer: str) -> None:
    """Whether the ansatzes of a model may have so many ``angles`` together."""
    if angles > ANSATZ_PARAMETERS:
        raise _exceeds(
            pointer,
            "the ansatzes of the heads have too many layers",
            f"{angles:,} parameters up to here, which take {size(8 * angles)}",
            f"at most {ANSATZ_PARAMETERS:,} parameters ({size(8 * ANSATZ_PARAMETERS)})",
            "use fewer layers, or give the unitaries as matrices",
            code="capacity.too-many-layers",
        )


def check_ansatz(layers: int, qubits: int, rotations: int, pointer: str) -> None:
    """Whether an ansatz with this many parameters may be held in memory."""
    parameters = layers * qubits * rotations
    if layers > ANSATZ_LAYERS or parameters > ANSATZ_PARAMETERS:
        raise _exceeds(
            f"{pointer}/layers",
            "the ansatz has too many layers",
            f"{layers:,} layers: {parameters:,} parameters, which take {size(8 * parameters)}",
            f"at most {ANSATZ_LAYERS:,} layers and {ANSATZ_PARAMETERS:,} parameters ({size(8 * ANSATZ_PARAMETERS)})",
            "use fewer layers, or give the unitary as a matrix",
            code="capacity.too-many-layers",
        )
