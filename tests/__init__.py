# Makes `tests.*` this folder: a dependency's wheel installs a package of the same name into site-packages.
