package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

const maxErrors = 3 // of a package that are told

// A Package is one that was read from source.
type Package struct {
	path   string
	files  []*ast.File
	types  *types.Package
	info   *types.Info
	bodies map[*types.Func]*ast.FuncDecl
}

// World is all that is known: packages from source, and the others by what the compiler exported of them.
type World struct {
	root     string
	fset     *token.FileSet
	packages map[string]*Package // import path ->
	fileOf   map[string]*ast.File
	packOf   map[*ast.File]*Package
	dirs     map[string]string
	exports  map[string]string
	gc       types.Importer
	problems []Problem
}

func load(r *Request) *World {
	w := &World{
		root: r.Root, fset: token.NewFileSet(), packages: map[string]*Package{}, fileOf: map[string]*ast.File{},
		packOf: map[*ast.File]*Package{}, dirs: r.Dirs, exports: r.Exports,
	}
	w.gc = importer.ForCompiler(w.fset, "gc", func(path string) (io.ReadCloser, error) {
		file := w.exports[path]
		if file == "" {
			return nil, errors.New("go list has no export data of it")
		}
		return os.Open(file)
	})
	goarch := r.GOARCH
	if goarch == "" {
		goarch = runtime.GOARCH
	}
	sort.Slice(r.Packages, func(i, j int) bool { return r.Packages[i].Path < r.Packages[j].Path })
	for _, files := range r.Packages {
		w.read(files, types.SizesFor("gc", goarch))
	}
	return w
}

// mapped imports for one package: vendored paths have other names.
type mapped struct {
	world *World
	names map[string]string
}

func (m mapped) Import(path string) (*types.Package, error) {
	if real := m.names[path]; real != "" {
		path = real
	}
	return m.world.imported(path)
}

func (w *World) imported(path string) (found *types.Package, err error) {
	defer func() {
		if r := recover(); r != nil { // export data that was cut short
			found, err = nil, fmt.Errorf("export data of %s: %v", path, r)
		}
	}()
	return w.gc.Import(path)
}

func (w *World) read(given PackageFiles, sizes types.Sizes) {
	p := &Package{path: given.Path, bodies: map[*types.Func]*ast.FuncDecl{}, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Implicits: map[ast.Node]types.Object{}, Scopes: map[ast.Node]*types.Scope{},
	}}
	n := 0
	tell := func(err error) {
		if n++; n <= maxErrors {
			w.problems = append(w.problems, Problem{given.Path, w.relative(err.Error())})
		}
	}
	for _, name := range given.Files {
		file, err := parser.ParseFile(w.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			tell(err)
		}
		if file != nil {
			p.files = append(p.files, file)
			w.fileOf[name], w.packOf[file] = file, p
		}
	}
	config := types.Config{Importer: mapped{w, given.ImportMap}, Error: tell, Sizes: sizes, FakeImportC: true}
	func() {
		defer func() {
			if r := recover(); r != nil {
				tell(fmt.Errorf("go/types failed: %v", r))
			}
		}()
		p.types, _ = config.Check(given.Path, w.fset, p.files, p.info) // its errors went to tell
	}()
	if n > maxErrors {
		w.problems = append(w.problems, Problem{given.Path, fmt.Sprintf("and %d errors more", n-maxErrors)})
	}
	for _, file := range p.files {
		for _, decl := range file.Decls {
			if body, ok := decl.(*ast.FuncDecl); ok {
				if object, ok := p.info.Defs[body.Name].(*types.Func); ok {
					p.bodies[object] = body
				}
			}
		}
	}
	w.packages[given.Path] = p
}

// body is the declaration of a function that was read from source, with its package; nil for others.
func (w *World) body(f *types.Func) (*ast.FuncDecl, *Package) {
	f = f.Origin()
	if f.Pkg() == nil {
		return nil, nil
	}
	p := w.packages[f.Pkg().Path()]
	if p == nil {
		return nil, nil
	}
	if body := p.bodies[f]; body != nil {
		return body, p
	}
	for object, body := range p.bodies { // the same function, as export data tells of it
		if object.FullName() == f.FullName() {
			return body, p
		}
	}
	return nil, nil
}

func (w *World) relative(text string) string {
	return strings.ReplaceAll(text, w.root+string(filepath.Separator), "")
}

// at is a position as a person reads it.
func (w *World) at(pos token.Pos) string {
	p := w.fset.PositionFor(pos, false)
	return fmt.Sprintf("%s:%d", filepath.ToSlash(w.relative(p.Filename)), p.Line)
}
