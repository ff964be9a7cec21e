"""The one part of the build that pyproject.toml cannot say: the inner loops of the search for layouts, in C.

Optional: without a compiler the package is installed without them. qsac does the same in Python then, and comes to the
same bytes in more time.
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "qsac.layout._kernel",
            ["qsac/layout/_kernel.c"],
            # No contraction of products and sums: it would round otherwise than Python does.
            extra_compile_args=["-O2", "-ffp-contract=off"],
            py_limited_api=True,
            optional=True,
        )
    ],
    # One wheel of a platform for every Python from 3.11 on.
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
