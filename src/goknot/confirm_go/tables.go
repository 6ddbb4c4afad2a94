package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// What methods do to a container, by their names; others may do anything.
var (
	removers = []string{"Delete", "LoadAndDelete", "CompareAndDelete", "Clear", "Remove", "Swap", "Pop", "Unregister"}
	keepers  = []string{"Store", "Load", "LoadOrStore", "Range", "Len", "Lock", "Unlock", "RLock", "RUnlock"}
)

// answerTable: what is put into the package variable there stays: nothing takes elements out of the variable, the key
// is not always the same, and the function around is not only run while the program starts.
func answerTable(w *World, p *Place, q *Question) (string, string) {
	table, key := p.table(q.Name)
	if table == nil {
		return unknown, "the package variable " + q.Name + " is not named there"
	}
	if key != nil && p.pack.info.Types[key].Value != nil {
		return refuted, fmt.Sprintf("the key is the constant %s: there is one element at most", p.pack.info.Types[key].Value)
	}
	if key != nil {
		if t := p.pack.typeOf(key); t != nil && hasWeak(t, 0) {
			return unknown, "the key is weak: how long an entry is wanted cannot be seen"
		}
	}
	if array, ok := table.Type().Underlying().(*types.Array); ok {
		return refuted, fmt.Sprintf("%s has room for %d: what is stored replaces what was", table.Name(), array.Len())
	}
	if table.Pkg() != p.pack.types {
		return unknown, table.Name() + " belongs to another package"
	}
	state, why, n := confirmed, "", 0
	for _, file := range p.pack.files {
		ancestors(file, func(path []ast.Node) {
			ident, ok := path[len(path)-1].(*ast.Ident)
			if !ok || p.pack.info.Uses[ident] != table || state == refuted {
				return
			}
			n++
			if one, text := w.tableUse(p.pack, table, path); one == refuted || one == unknown && state == confirmed {
				state, why = one, text
			}
		})
	}
	if state != confirmed {
		return state, why
	}
	if ast.IsExported(table.Name()) && p.pack.types.Name() != "main" {
		return unknown, fmt.Sprintf("nothing in its package takes elements out of %s, but others can", table.Name())
	}
	if at := w.startOnly(p); at != "" {
		return unknown, at
	}
	return confirmed, fmt.Sprintf("none of the %d uses of %s takes an element out", n, table.Name())
}

// table is the package variable of that name which a statement there names, and the key that it stores under.
func (p *Place) table(name string) (*types.Var, ast.Expr) {
	var found *types.Var
	var key ast.Expr
	if len(p.starting()) == 0 {
		return nil, nil
	}
	ast.Inspect(p.starting()[0], func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.AssignStmt:
			if index, ok := unparen(n.Lhs[0]).(*ast.IndexExpr); ok {
				key = index.Index
			}
		case *ast.Ident:
			if v, ok := p.pack.info.Uses[n].(*types.Var); ok && n.Name == name && isPackageVariable(v) && found == nil {
				found = v
			}
		}
		return true
	})
	return found, key
}

// ancestors calls for every node, with the nodes around it.
func ancestors(root ast.Node, call func(path []ast.Node)) {
	var path []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			path = path[:len(path)-1]
			return true
		}
		path = append(path, n)
		call(path)
		return true
	})
}

// tableUse says whether one use of a variable takes elements out.
func (w *World) tableUse(p *Package, table *types.Var, path []ast.Node) (string, string) {
	at := w.at(path[len(path)-1].Pos())
	i := len(path) - 1
	indexed := false
	for ; i > 0; i-- { // of v[a][b] the outermost
		if index, ok := path[i-1].(*ast.IndexExpr); ok && index.X == path[i] {
			indexed = true
		} else if _, ok := path[i-1].(*ast.ParenExpr); !ok {
			break
		}
	}
	self := path[i].(ast.Expr)
	switch parent := path[i-1].(type) {
	case *ast.AssignStmt:
		return w.tableAssigned(p, table, parent, self, indexed, at)
	case *ast.CallExpr:
		return tableHanded(p, parent, self, indexed, at)
	case *ast.SelectorExpr:
		if f, ok := p.named(parent).(*types.Func); ok {
			if isOneOf(f.Name(), removers) {
				return refuted, fmt.Sprintf("%s is called at %s", f.Name(), at)
			} else if isOneOf(f.Name(), keepers) {
				return confirmed, ""
			}
			return unknown, fmt.Sprintf("%s is called at %s, and may take elements out", f.Name(), at)
		}
		return confirmed, "" // a field of an element
	case *ast.RangeStmt:
		if parent.X == self {
			return confirmed, ""
		}
	case *ast.BinaryExpr, *ast.IndexExpr, *ast.ExprStmt, *ast.IfStmt:
		return confirmed, ""
	case *ast.ReturnStmt, *ast.KeyValueExpr, *ast.CompositeLit, *ast.ValueSpec:
		if indexed {
			return confirmed, ""
		}
	}
	if indexed {
		return confirmed, ""
	}
	return unknown, fmt.Sprintf("%s is handed on at %s", table.Name(), at)
}

func (w *World) tableAssigned(
	p *Package, table *types.Var, n *ast.AssignStmt, self ast.Expr, indexed bool, at string,
) (string, string) {
	for i, left := range n.Lhs {
		if left != self || len(n.Lhs) != len(n.Rhs) {
			continue
		}
		right := unparen(n.Rhs[i])
		if call, ok := right.(*ast.CallExpr); ok && p.isBuiltin(call, "append") && len(call.Args) > 0 {
			if sameText(call.Args[0], self) {
				return confirmed, ""
			}
		}
		if _, slice := right.(*ast.SliceExpr); indexed && !slice && !p.info.Types[right].IsNil() {
			return confirmed, "" // an element is set
		}
		return refuted, fmt.Sprintf("%s is set anew at %s", table.Name(), at)
	}
	for _, left := range n.Lhs {
		if left == self {
			return refuted, fmt.Sprintf("%s is set anew at %s", table.Name(), at)
		}
	}
	if indexed {
		return confirmed, ""
	}
	return unknown, fmt.Sprintf("%s is handed on at %s", table.Name(), at)
}

func tableHanded(p *Package, call *ast.CallExpr, self ast.Expr, indexed bool, at string) (string, string) {
	name := ""
	switch f := p.callee(call).(type) {
	case *types.Builtin:
		name = f.Name()
	case *types.Func:
		name = f.FullName()
	}
	switch {
	case name == "delete" || name == "clear" || strings.HasPrefix(name, "slices.Delete") || name == "maps.DeleteFunc":
		return refuted, fmt.Sprintf("%s is called at %s", name, at)
	case name == "len" || name == "cap" || name == "append" || name == "copy" || indexed:
		return confirmed, ""
	case strings.HasPrefix(name, "fmt.") || name == "maps.Keys" || name == "slices.Contains" || name == "slices.Index":
		return confirmed, ""
	}
	return unknown, fmt.Sprintf("handed to %s at %s", name, at)
}

func sameText(a, b ast.Expr) bool {
	return types.ExprString(unparen(a)) == types.ExprString(unparen(b))
}

// startOnly says why the function around a place runs a bounded number of times; empty if nothing says so.
func (w *World) startOnly(p *Place) string {
	_, decl := function(p.path)
	if decl == nil {
		return "it is run once, when the program starts"
	}
	f, ok := p.pack.info.Defs[decl.Name].(*types.Func)
	if !ok || (ast.IsExported(f.Name()) && p.pack.types.Name() != "main") {
		return ""
	}
	seen := map[types.Object]bool{}
	if w.onlyAtStart(p.pack, f, seen) {
		return f.Name() + " is called only while the program starts"
	}
	return ""
}

func (w *World) onlyAtStart(p *Package, f *types.Func, seen map[types.Object]bool) bool {
	if f.Name() == "init" || f.Name() == "main" && p.types.Name() == "main" {
		return true
	}
	if seen[f] || len(seen) > 50 || ast.IsExported(f.Name()) && p.types.Name() != "main" {
		return false
	}
	seen[f] = true
	only, called := true, false
	for _, file := range p.files {
		ancestors(file, func(path []ast.Node) {
			ident, ok := path[len(path)-1].(*ast.Ident)
			if !ok || !only || p.info.Uses[ident] != types.Object(f) {
				return
			}
			called = true
			inner, decl := function(path)
			if decl == nil {
				only = inner == nil // a package variable's value
				return
			}
			caller, ok := p.info.Defs[decl.Name].(*types.Func)
			only = ok && inner == ast.Node(decl) && !inLoop(path) && w.onlyAtStart(p, caller, seen)
		})
	}
	return only && called
}

func inLoop(path []ast.Node) bool {
	for _, n := range path {
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		}
	}
	return false
}
