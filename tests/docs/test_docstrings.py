"""What is public says what it is for."""

import ast

from docs.files import ROOT, shown, texts

_ELSEWHERE = {"tests", "migrations"}


def looked_at() -> dict[str, ast.Module]:
    """Modules of the product, without tests, migrations and the applications' configuration."""
    return {
        shown(path): ast.parse(text)
        for path, text in texts(".py").items()
        if path.is_relative_to(ROOT / "src") and not _ELSEWHERE & set(path.parts) and path.name != "apps.py"
    }


def test_every_module_says_what_it_is_for():
    assert [name for name, module in looked_at().items() if module.body and not ast.get_docstring(module)] == []


def test_every_public_function_and_class_has_a_docstring():
    silent = [
        f"{name}:{node.lineno} {node.name}"
        for name, module in looked_at().items()
        for node in module.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not any(ast.unparse(one) == "overload" for one in node.decorator_list)
        and not ast.get_docstring(node)
    ]

    assert silent == []


def test_no_docstring_repeats_its_name():
    echoes = []
    for name, module in looked_at().items():
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                words = "".join(char for char in (ast.get_docstring(node) or "").lower() if char.isalnum())
                if words and words == node.name.lower().replace("_", ""):
                    echoes.append(f"{name}:{node.lineno} {node.name}")

    assert echoes == []
