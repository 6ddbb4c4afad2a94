// types_oracle prints what go/types says of the types of the module in the current folder, as JSON lines:
// every package-level type with its layout, every way from one to another, and who implements what.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

type listed struct {
	ImportPath string
	Dir        string
	Name       string
	GoFiles    []string
	CgoFiles   []string
	ImportMap  map[string]string
	Standard   bool
	DepOnly    bool
}

var (
	packages = map[string]*listed{}
	done     = map[string]*types.Package{}
	fset     = token.NewFileSet()
	sizes    = types.SizesFor("gc", "amd64")
	out      = bufio.NewWriter(os.Stdout)
	own      = map[string]bool{}
)

type finder struct{ from *listed }

func (f finder) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if mapped, ok := f.from.ImportMap[path]; ok {
		path = mapped
	}
	if found := done[path]; found != nil {
		return found, nil
	}
	p := packages[path]
	if p == nil {
		return nil, fmt.Errorf("no package %s", path)
	}
	var files []*ast.File
	for _, name := range append(append([]string{}, p.GoFiles...), p.CgoFiles...) {
		file, _ := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if file != nil {
			files = append(files, file)
		}
	}
	config := types.Config{Importer: finder{p}, IgnoreFuncBodies: true, FakeImportC: true, Sizes: sizes, Error: func(error) {}}
	found, _ := config.Check(path, fset, files, nil)
	done[path] = found
	return found, nil
}

func emit(parts ...any) {
	text, _ := json.Marshal(parts)
	out.Write(text)
	out.WriteByte('\n')
}

func main() {
	if len(os.Args) > 1 {
		if err := os.Chdir(os.Args[1]); err != nil {
			panic(err)
		}
	}
	var errs bytes.Buffer
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Dir,Name,GoFiles,CgoFiles,ImportMap,Standard,DepOnly", "./...")
	cmd.Stderr = &errs
	pipe, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	decoder := json.NewDecoder(pipe)
	var order []string
	for {
		p := new(listed)
		if err := decoder.Decode(p); err == io.EOF {
			break
		} else if err != nil {
			panic(err.Error() + errs.String())
		}
		packages[p.ImportPath] = p
		if !p.DepOnly {
			order = append(order, p.ImportPath)
			own[p.ImportPath] = true
		}
	}
	defer out.Flush()
	sort.Strings(order)
	var interfaces, concrete []*types.TypeName
	for _, path := range order {
		pkg, err := finder{&listed{}}.Import(path)
		if err != nil || pkg == nil {
			continue
		}
		for _, name := range pkg.Scope().Names() {
			object, ok := pkg.Scope().Lookup(name).(*types.TypeName)
			if !ok || object.IsAlias() {
				continue
			}
			named := object.Type().(*types.Named)
			describe(path+"."+name, named)
			if named.TypeParams().Len() > 0 {
				continue
			}
			if i, ok := named.Underlying().(*types.Interface); ok {
				if i.NumMethods() > 0 && i.IsMethodSet() {
					interfaces = append(interfaces, object)
				}
			} else {
				concrete = append(concrete, object)
			}
		}
	}
	for _, i := range interfaces {
		wanted := i.Type().Underlying().(*types.Interface)
		for _, c := range concrete {
			if types.Implements(types.NewPointer(c.Type()), wanted) {
				emit("implements", full(i), full(c))
			}
		}
	}
}

func full(object *types.TypeName) string { return object.Pkg().Path() + "." + object.Name() }

func describe(name string, named *types.Named) {
	size := int64(-1)
	var offsets []int64
	generic := named.TypeParams().Len() > 0
	if s, ok := named.Underlying().(*types.Struct); ok && !generic && known(s, 0) {
		var fields []*types.Var
		for i := 0; i < s.NumFields(); i++ {
			fields = append(fields, s.Field(i))
		}
		offsets = sizes.Offsetsof(fields)
		size = sizes.Sizeof(s)
	}
	emit("type", name, size, offsets, generic)
	seen := map[string]bool{}
	w := walker{name: name, seen: seen}
	w.walk(named.Underlying(), "", "value", 0)
}

// known is false where a type that did not check is in the way.
func known(t types.Type, depth int) bool {
	if depth > 50 {
		return true
	}
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Kind() != types.Invalid
	case *types.Struct:
		for i := 0; i < t.NumFields(); i++ {
			if !known(t.Field(i).Type(), depth+1) {
				return false
			}
		}
	case *types.Array:
		return known(t.Elem(), depth+1)
	}
	return true
}

type walker struct {
	name string
	seen map[string]bool
}

func (w walker) way(target *types.TypeName, field, kind string) {
	key := field + "\x00" + kind + "\x00" + full(target)
	if own[target.Pkg().Path()] && !w.seen[key] && target.Parent() == target.Pkg().Scope() {
		w.seen[key] = true
		emit("edge", w.name, full(target), field, kind)
	}
}

func into(kind, next string) string {
	if kind == "value" || kind == "array" {
		return next
	}
	return kind
}

func (w walker) walk(t types.Type, field, kind string, depth int) {
	if depth > 60 {
		return
	}
	depth++
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		object := t.Obj()
		if object.Pkg() == nil {
			return
		}
		if object.Pkg().Path() == "sync/atomic" && object.Name() == "Pointer" {
			w.walk(t.TypeArgs().At(0), field, into(kind, "pointer"), depth)
			return
		}
		w.way(object, field, kind)
		for i := 0; i < t.TypeArgs().Len(); i++ {
			w.walk(t.TypeArgs().At(i), field, "type-argument", depth)
		}
	case *types.Pointer:
		w.walk(t.Elem(), field, into(kind, "pointer"), depth)
	case *types.Slice:
		w.walk(t.Elem(), field+"[]", into(kind, "slice"), depth)
	case *types.Array:
		if t.Len() != 0 {
			if kind == "value" {
				kind = "array"
			}
			w.walk(t.Elem(), field+"[]", kind, depth)
		}
	case *types.Map:
		w.walk(t.Key(), field+"[key]", into(kind, "map-key"), depth)
		w.walk(t.Elem(), field+"[]", into(kind, "map-value"), depth)
	case *types.Chan:
		w.walk(t.Elem(), field+"<-", into(kind, "chan"), depth)
	case *types.Signature:
		for _, tuple := range []*types.Tuple{t.Params(), t.Results()} {
			for i := 0; i < tuple.Len(); i++ {
				w.walk(tuple.At(i).Type(), field, "func", depth)
			}
		}
	case *types.Struct:
		for i := 0; i < t.NumFields(); i++ {
			w.walk(t.Field(i).Type(), join(field, t.Field(i).Name()), kind, depth)
		}
	case *types.Interface:
		for i := 0; i < t.NumExplicitMethods(); i++ {
			w.walk(t.ExplicitMethod(i).Type(), join(field, t.ExplicitMethod(i).Name()), "func", depth)
		}
		for i := 0; i < t.NumEmbeddeds(); i++ {
			w.walk(t.EmbeddedType(i), field, "embeds", depth)
		}
	}
}

func join(field, name string) string {
	if field == "" {
		return name
	}
	return strings.Join([]string{field, name}, ".")
}
