package main

import (
	"go/types"
	"path/filepath"
	"sort"
	"strings"
)

// A Wanted is the object that something should lead to.
type Wanted struct {
	world *World
	kind  string
	obj   *types.TypeName // of kind "type"
	label string
	parts map[string]bool // types that lie in it: a pointer to one may lead into the object
	open  bool            // it has parts of any type
}

// wanted finds out which type a target names; nil if that is not to be found.
func (w *World) wanted(p *Package, t Target) *Wanted {
	found := &Wanted{world: w, kind: t.Kind, label: t.Name}
	if t.Kind != "type" {
		return found
	}
	found.obj = w.typeName(p, t)
	if found.obj == nil {
		return nil
	}
	found.label = found.obj.Name()
	if pkg := found.obj.Pkg(); pkg != nil {
		found.label = pkg.Name() + "." + found.label
	}
	found.parts = map[string]bool{}
	found.takeParts(found.obj.Type(), 0)
	return found
}

func (x *Wanted) takeParts(t types.Type, depth int) {
	t = unalias(t)
	if _, parameter := t.(*types.TypeParam); parameter || depth > 20 || len(x.parts) > maxTypes {
		x.open = true
		return
	}
	x.parts[types.TypeString(t, nil)] = true
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for i := 0; i < u.NumFields(); i++ {
			x.takeParts(u.Field(i).Type(), depth+1)
		}
	case *types.Array:
		x.takeParts(u.Elem(), depth+1)
	case *types.Basic:
		x.open = x.open || u.Kind() == types.Invalid
	}
}

// hasPart tells whether values of a type lie in the wanted object.
func (x *Wanted) hasPart(t types.Type) bool {
	return x.kind == "type" && (x.open || x.parts[types.TypeString(unalias(t), nil)])
}

func (w *World) typeName(p *Package, t Target) *types.TypeName {
	path := w.dirs[filepath.Dir(filepath.FromSlash(t.Spot.File))]
	if declared := w.lookup(path, t.Name); declared != nil && (path == t.Path || hasSuffixPath(path, t.Path)) {
		return declared
	}
	if source := w.packages[path]; source != nil {
		if local := source.local(w, t); local != nil {
			return local
		}
	}
	if declared := w.lookup(t.Path, t.Name); declared != nil {
		return declared
	}
	var candidates []string
	for _, known := range []map[string]string{w.exports, invert(w.dirs)} {
		for path := range known {
			if hasSuffixPath(path, t.Path) {
				candidates = append(candidates, path)
			}
		}
	}
	sort.Strings(candidates)
	var only *types.TypeName
	for i, path := range candidates {
		if i > 0 && path == candidates[i-1] {
			continue
		}
		if declared := w.lookup(path, t.Name); declared != nil {
			if only != nil {
				return nil // two of that name
			}
			only = declared
		}
	}
	return only
}

func invert(m map[string]string) map[string]string {
	found := make(map[string]string, len(m))
	for k, v := range m {
		found[v] = k
	}
	return found
}

func hasSuffixPath(path, suffix string) bool {
	return suffix == "" || path == suffix || strings.HasSuffix(path, "/"+suffix)
}

func (w *World) lookup(path, name string) *types.TypeName {
	var pkg *types.Package
	if source := w.packages[path]; source != nil {
		pkg = source.types
	} else if w.exports[path] != "" {
		pkg, _ = w.imported(path) // without it nothing is found, and the answer is that it cannot be told
	}
	if pkg == nil {
		return nil
	}
	found, _ := pkg.Scope().Lookup(name).(*types.TypeName)
	return found
}

// local finds a type that is declared in a function, the one that begins last before the place where it is used.
func (p *Package) local(w *World, t Target) *types.TypeName {
	var best *types.TypeName
	for _, object := range p.info.Defs {
		name, ok := object.(*types.TypeName)
		if !ok || name.Name() != t.Name || name.Parent() == p.types.Scope() || isParameter(name) {
			continue
		}
		at := w.fset.PositionFor(name.Pos(), false)
		if filepath.ToSlash(at.Filename) != t.Spot.File || at.Line > t.Spot.Line {
			continue
		}
		if best == nil || best.Pos() < name.Pos() {
			best = name
		}
	}
	return best
}

func isParameter(name *types.TypeName) bool {
	_, ok := name.Type().(*types.TypeParam)
	return ok
}
