"""How the pages are built (`make docs`): from the Markdown files here, into ``site/``, with no network."""

from importlib.metadata import version as version_of

project = "qsac"
copyright = "the authors of qsac"
version = release = version_of("qsac")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "sphinx_copybutton",
]
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # outputs of commands are no code
nb_execution_mode = "off"  # tests/docs run the notebooks
exclude_patterns = ["examples"]
root_doc = "index"

# Types of libraries are named, not linked: their inventories would be fetched from the network.
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = "qsac"
html_static_path = ["static"]
html_css_files = ["wide.css"]
html_show_sourcelink = False
html_show_copyright = False
html_last_updated_fmt = None
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5cad", "color-brand-content": "#0b5cad"},
    "dark_css_variables": {"color-brand-primary": "#7fb8f0", "color-brand-content": "#7fb8f0"},
}

# The prompt and the output of a command are not copied.
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
