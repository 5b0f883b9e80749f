"""What the lint programs share: C++ text without its comments and literals, findings, our files."""

import pathlib
import re
import subprocess
import sys

_TOKEN = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<raw>[^()\\\s]{0,16})\(.*?\)(?P=raw)"'
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'",
    re.DOTALL)


def code_only(text):
    """The text with comments and literals blanked: same length, same lines; quotes stay."""
    def blank(match):
        token = match.group()
        kept = re.sub(r'[^\n]', ' ', token)
        if token[0] in '"\'R':
            kept = '"' + kept[1:-1] + '"'
        return kept
    return _TOKEN.sub(blank, text)


class Findings:
    """Collects `file:line: text` and prints them in order."""

    def __init__(self, root):
        self.root = root
        self.items = []

    def add(self, path, line, text):
        self.items.append((str(path.relative_to(self.root)), line, text))

    def report(self, name, checked):
        for path, line, text in sorted(self.items):
            print(f'{path}:{line}: {text}')
        if self.items:
            print(f'{name}: {len(self.items)} findings in {checked} files', file=sys.stderr)
            return 1
        print(f'{name}: {checked} files')
        return 0


def our_files(root, *folders, suffixes=('.h', '.cc')):
    """Committed and new files (not ignored ones) with these endings below these folders."""
    try:
        listed = subprocess.run(
            ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', *folders],
            cwd=root, check=True, capture_output=True, text=True).stdout.split('\0')
    except (subprocess.CalledProcessError, FileNotFoundError):  # not a git checkout
        listed = [str(p.relative_to(root)) for f in folders for p in sorted(pathlib.Path(root, f).rglob('*'))]
    paths = (pathlib.Path(root, p) for p in sorted(set(listed)) if p.endswith(suffixes))
    return [p for p in paths if p.is_file()]


class Module:
    """A line of module_graph.txt: name layer dep … | test_dep … | test source …"""

    def __init__(self, line):
        declared, test_deps, tests = (part.split() for part in line.split('|'))
        self.name, self.layer, self.deps = declared[0], int(declared[1]), set(declared[2:])
        self.test_deps = set(test_deps)
        self.test_stems = {pathlib.Path(test).stem for test in tests}


def is_test(path, module=None):
    """Tests and what only tests include: x_test.cc, test_x.h, sources in TESTS and their headers."""
    return (path.stem.endswith('_test') or path.stem.startswith('test_')
            or (module is not None and path.stem in module.test_stems))


def read_graph(root, graph=None):
    """{name: Module} from module_graph.txt of the build configured last."""
    if graph is None:
        builds = sorted(pathlib.Path(root, 'build').glob('*/module_graph.txt'),
                        key=lambda p: (p.parent / 'build.ninja').stat().st_mtime if (p.parent / 'build.ninja').exists() else 0)
        if not builds:
            sys.exit('lint: no build/*/module_graph.txt; configure first: cmake --preset release')
        graph = builds[-1]
    modules = (Module(line) for line in pathlib.Path(graph).read_text().splitlines() if line.strip())
    return {module.name: module for module in modules}
