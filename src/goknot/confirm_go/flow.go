package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// answerFlow: whenever the place is reached, all the pointers are stored: they stand on the same branches, in the same
// function or in ones that it is certain to call, in variables that are assigned once.
func answerFlow(w *World, p *Place, q *Question) (string, string) {
	inner, _ := function(p.path)
	if inner == nil {
		return unknown, "it stands in no function"
	}
	if why := w.straightCall(p, q); why != "" {
		return unknown, why
	}
	for _, spot := range q.Places {
		place, why := w.place(spot)
		if place == nil {
			return unknown, why
		}
		if why := place.kept(); why != "" {
			return unknown, w.at(place.pos) + ": " + why
		}
		if why := w.sameFlow(p, place); why != "" {
			return unknown, w.at(place.pos) + ": " + why
		}
		if why := w.reassigned(place); why != "" {
			return unknown, why
		}
	}
	if why := w.takenBack(p, q); why != "" {
		return unknown, why
	}
	return confirmed, "every pointer is stored whenever it is called"
}

// straightCall checks that the call at the place is made by name, and that wrappers of it are straight, too.
func (w *World) straightCall(p *Place, q *Question) string {
	if len(q.Names) == 0 {
		return ""
	}
	for _, call := range p.calls() {
		f, ok := p.pack.callee(call).(*types.Func)
		if !ok {
			continue
		}
		if isOneOf(f.Origin().FullName(), q.Names) {
			return ""
		}
		chain := w.leadsTo(f, q.Names, maxThrough, map[*types.Func]bool{})
		if chain == nil {
			continue
		}
		for _, site := range chain.steps {
			if why := w.unbranched(site.pack, enclosing(site.decl, site.call.Pos()), site.call.Pos()); why != "" {
				return why
			}
		}
		return ""
	}
	return "the call is not made by name"
}

// kept says what stands in the way of a pointer's being stored in the object itself.
func (p *Place) kept() string {
	for _, n := range p.starting() {
		switch n := n.(type) {
		case *ast.AssignStmt, *ast.KeyValueExpr, *ast.SelectorExpr, *ast.FuncLit:
			return ""
		case *ast.CallExpr:
			f, ok := p.pack.callee(n).(*types.Func)
			if ok && p.pack.bodies[f.Origin()] == nil && !isOneOf(f.FullName(), setters) {
				return f.Origin().FullName() + " keeps it, and may let go of it"
			}
		}
	}
	return ""
}

var setters = []string{"runtime.SetFinalizer", "runtime.AddCleanup", "runtime/cgo.NewHandle"}

// sameFlow says what may keep `other` from happening whenever `p` does; empty if nothing.
func (w *World) sameFlow(p, other *Place) string {
	inner, _ := function(p.path)
	theirs, decl := function(other.path)
	if inner == theirs {
		mine := branches(p.path, p.pos)
		for _, branch := range branches(other.path, other.pos) {
			if !contains(mine, branch) {
				return "hangs on the branch at " + w.at(branch.Pos())
			}
		}
		if other.pos > p.pos {
			return w.leaves(inner, p.pos, other.pos)
		}
		return ""
	}
	if decl == nil || theirs != ast.Node(decl) {
		return "stands in a function literal"
	}
	if why := w.unbranched(other.pack, other.path, other.pos); why != "" {
		return why
	}
	goal, ok := other.pack.info.Defs[decl.Name].(*types.Func)
	if !ok || !w.certainlyCalls(p, inner, goal, maxThrough) {
		return "no certain call of " + decl.Name.Name + " is seen"
	}
	return ""
}

// unbranched says what may keep a place in a function's own body from being reached; empty if nothing.
func (w *World) unbranched(p *Package, path []ast.Node, pos token.Pos) string {
	if around := branches(path, pos); len(around) > 0 {
		return "hangs on the branch at " + w.at(around[0].Pos())
	}
	inner, decl := function(path)
	if decl == nil || inner != ast.Node(decl) {
		return "stands in a function literal"
	}
	return w.leaves(inner, inner.Pos(), pos)
}

// branches is what decides whether a position in the innermost function is reached.
func branches(path []ast.Node, pos token.Pos) []ast.Node {
	var found []ast.Node
	for i, n := range path {
		switch n := n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			found = nil
		case *ast.BlockStmt:
			switch path[i-1].(type) {
			case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
				found = append(found, n)
			}
		case *ast.IfStmt:
			if i > 0 { // an else branch
				if outer, ok := path[i-1].(*ast.IfStmt); ok && outer.Else == n {
					found = append(found, n)
				}
			}
		case *ast.CaseClause, *ast.CommClause:
			found = append(found, n)
		case *ast.BinaryExpr:
			if (n.Op == token.LAND || n.Op == token.LOR) && pos >= n.Y.Pos() {
				found = append(found, n)
			}
		case *ast.DeferStmt:
			found = append(found, n)
		}
	}
	return found
}

func contains(nodes []ast.Node, n ast.Node) bool {
	for _, other := range nodes {
		if other == n {
			return true
		}
	}
	return false
}

// leaves says where a function may be left, or a loop or block, between two positions.
func (w *World) leaves(f ast.Node, from, to token.Pos) string {
	why := ""
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil || why != "" {
			return false
		}
		if literal, ok := n.(*ast.FuncLit); ok && ast.Node(literal) != f {
			return false
		}
		if n.Pos() < from || n.End() > to { // a return of what stands there comes after it
			return true
		}
		switch n := n.(type) {
		case *ast.ReturnStmt:
			why = "may not be reached: return at " + w.at(n.Pos())
		case *ast.BranchStmt:
			if n.Tok == token.GOTO || n.Tok == token.BREAK || n.Tok == token.CONTINUE {
				why = fmt.Sprintf("may not be reached: %s at %s", n.Tok, w.at(n.Pos()))
			}
		}
		return true
	})
	return why
}

// certainlyCalls tells whether a function's own body calls another whenever `p` is reached, itself or by one that it
// calls.
func (w *World) certainlyCalls(p *Place, inner ast.Node, goal *types.Func, depth int) bool {
	mine := branches(p.path, p.pos)
	found := false
	ancestors(inner, func(path []ast.Node) {
		call, ok := path[len(path)-1].(*ast.CallExpr)
		if !ok || found {
			return
		}
		if around, _ := function(path); around != inner {
			return
		}
		for _, branch := range branches(path, call.Pos()) {
			if !contains(mine, branch) {
				return
			}
		}
		if call.Pos() > p.pos && w.leaves(inner, p.pos, call.Pos()) != "" {
			return
		}
		f, ok := p.pack.callee(call).(*types.Func)
		if !ok {
			return
		}
		found = f.Origin().FullName() == goal.FullName() || w.bodyCalls(f, goal, depth-1, map[*types.Func]bool{})
	})
	return found
}

func (w *World) bodyCalls(f, goal *types.Func, depth int, seen map[*types.Func]bool) bool {
	body, pack := w.body(f)
	if body == nil || body.Body == nil || depth == 0 || seen[f] {
		return false
	}
	seen[f] = true
	found := false
	ancestors(body, func(path []ast.Node) {
		call, ok := path[len(path)-1].(*ast.CallExpr)
		if !ok || found {
			return
		}
		if around, _ := function(path); around != ast.Node(body) || w.unbranched(pack, path, call.Pos()) != "" {
			return
		}
		if next, ok := pack.callee(call).(*types.Func); ok {
			found = next.Origin().FullName() == goal.FullName() || w.bodyCalls(next, goal, depth-1, seen)
		}
	})
	return found
}

// reassigned says where a local variable that a statement at the place names is assigned a second time.
func (w *World) reassigned(p *Place) string {
	_, decl := function(p.path)
	if decl == nil || len(p.starting()) == 0 {
		return ""
	}
	named := map[types.Object]bool{}
	ast.Inspect(p.starting()[0], func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok {
			return false
		}
		if ident, ok := n.(*ast.Ident); ok {
			if v, ok := p.pack.info.Uses[ident].(*types.Var); ok && !v.IsField() && !isPackageVariable(v) {
				named[v] = true
			}
		}
		return true
	})
	why := ""
	set := func(e ast.Expr) {
		if ident, ok := unparen(e).(*ast.Ident); ok && named[p.pack.info.Uses[ident]] && why == "" {
			why = fmt.Sprintf("%s is assigned again at %s", ident.Name, w.at(ident.Pos()))
		}
	}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				set(left) // a variable that := defines is no use of it
			}
		case *ast.IncDecStmt:
			set(n.X)
		case *ast.RangeStmt:
			if n.Key != nil && n.Tok == token.ASSIGN {
				set(n.Key)
			}
			if n.Value != nil && n.Tok == token.ASSIGN {
				set(n.Value)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				set(n.X)
			}
		}
		return true
	})
	return why
}

// takenBack says where a finalizer of such objects is cleared, or what was set can be stopped.
func (w *World) takenBack(p *Place, q *Question) string {
	for _, call := range p.calls() {
		f, ok := p.pack.callee(call).(*types.Func)
		if ok && f.FullName() == "runtime.AddCleanup" && !dropped(p.path, call) {
			return "its runtime.Cleanup is kept, and may be stopped"
		}
	}
	target := w.wanted(p.pack, q.Target)
	if target == nil || target.obj == nil || target.obj.Pkg() == nil {
		return ""
	}
	home := w.packages[target.obj.Pkg().Path()]
	if home == nil {
		return ""
	}
	why := ""
	for _, body := range home.methods() { // who clears one in a function knows the object
		ast.Inspect(body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 || why != "" {
				return why == ""
			}
			f, ok := home.callee(call).(*types.Func)
			if !ok || f.FullName() != "runtime.SetFinalizer" || !home.info.Types[call.Args[1]].IsNil() {
				return true
			}
			if target.held(home.typeOf(call.Args[0]), false) == plainly {
				why = "a finalizer of " + target.label + " is cleared at " + w.at(call.Pos())
			}
			return true
		})
	}
	return why
}

// methods is the declarations of all methods, in order.
func (p *Package) methods() []*ast.FuncDecl {
	var found []*ast.FuncDecl
	for _, file := range p.files {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
				found = append(found, f)
			}
		}
	}
	return found
}

// dropped tells whether nothing is done with the result of a call.
func dropped(path []ast.Node, call *ast.CallExpr) bool {
	for i, n := range path {
		if n == ast.Node(call) && i > 0 {
			_, statement := path[i-1].(*ast.ExprStmt)
			return statement
		}
	}
	return false
}
