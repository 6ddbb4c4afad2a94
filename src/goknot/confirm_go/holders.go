package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// answerCapture: a function literal there uses a variable of the function around it, which can lead to the target.
func answerCapture(w *World, p *Place, q *Question) (string, string) {
	literal := p.literal()
	if literal == nil {
		return unknown, "no function literal begins there"
	}
	name := q.Name
	if cut := strings.IndexAny(name, ".[*="); cut > 0 {
		name = name[:cut]
	}
	captured, other := p.pack.captured(literal, name)
	if captured == nil {
		if other != nil {
			return refuted, fmt.Sprintf("the function literal captures no variable %s: its %s is %s", name, name, what(other))
		}
		return refuted, "the function literal captures no variable " + name
	}
	target := w.wanted(p.pack, q.Target)
	if q.Target.Kind == "" {
		return confirmed, fmt.Sprintf("captures %s %s", name, said(captured.Type()))
	}
	if target == nil {
		return unknown, "the type " + q.Target.Name + " is not to be found"
	}
	switch target.held(captured.Type(), true) {
	case plainly:
		return confirmed, fmt.Sprintf("captures %s %s", name, said(captured.Type()))
	case perhaps:
		return unknown, fmt.Sprintf("captures %s %s, which may lead to %s", name, said(captured.Type()), target.label)
	}
	return refuted, fmt.Sprintf("captures %s %s, which leads to no %s", name, said(captured.Type()), target.label)
}

// literal is the function literal that begins at a place, or the only one that a call there is handed
// (sync.OnceFunc and the like).
func (p *Place) literal() *ast.FuncLit {
	var found *ast.FuncLit
	for _, n := range p.starting() {
		switch n := n.(type) {
		case *ast.FuncLit:
			return n
		case *ast.CallExpr:
			for _, arg := range n.Args {
				if l, ok := unparen(arg).(*ast.FuncLit); ok {
					if found != nil {
						return nil
					}
					found = l
				}
			}
		}
	}
	return found
}

// captured is the variable of that name that a function literal uses and that is declared around it. If there is none:
// what else the name means in it.
func (p *Package) captured(literal *ast.FuncLit, name string) (captured *types.Var, other types.Object) {
	ast.Inspect(literal.Body, func(n ast.Node) bool {
		ident, ok := n.(*ast.Ident)
		if !ok || ident.Name != name || captured != nil {
			return captured == nil
		}
		object := p.info.Uses[ident]
		v, ok := object.(*types.Var)
		inside := object != nil && literal.Pos() <= object.Pos() && object.Pos() < literal.End()
		switch {
		case ok && !v.IsField() && !isPackageVariable(v) && !inside:
			captured = v
		case object != nil && other == nil:
			other = object
		}
		return true
	})
	return captured, other
}

func what(object types.Object) string {
	switch o := object.(type) {
	case *types.Var:
		switch {
		case o.IsField():
			return "a field"
		case isPackageVariable(o):
			return "a package variable"
		}
		return "its own variable"
	case *types.Const:
		return "a constant"
	case *types.PkgName:
		return "a package"
	case *types.Func:
		return "a function"
	}
	return "a " + fmt.Sprintf("%T", object)[len("*types."):]
}

// answerReceiver: a method value there holds its receiver, which is or can be the target.
func answerReceiver(w *World, p *Place, q *Question) (string, string) {
	for _, n := range p.starting() {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok || selector.Sel.Name != q.Name {
			continue
		}
		s := p.pack.info.Selections[selector]
		if s == nil {
			return unknown, "what " + q.Name + " selects is not known"
		}
		if s.Kind() != types.MethodVal {
			return refuted, fmt.Sprintf("%s is a field, %s: no method holds its receiver", q.Name, said(s.Type()))
		}
		return w.receiver(p, q, s)
	}
	return unknown, "no selector " + q.Name + " begins there"
}

func (w *World) receiver(p *Place, q *Question, s *types.Selection) (string, string) {
	f := s.Obj().(*types.Func)
	recv := f.Type().(*types.Signature).Recv().Type()
	target := w.wanted(p.pack, q.Target)
	if target == nil || q.Target.Kind == "" {
		return unknown, "the type of the receiver is not to be found"
	}
	if _, byValue := unalias(recv).Underlying().(*types.Struct); byValue {
		if target.held(recv, false) == never {
			return refuted, fmt.Sprintf("%s has a value receiver: the method value holds a copy", f.FullName())
		}
		return unknown, fmt.Sprintf("%s has a value receiver: the method value holds a copy, which may lead to %s",
			f.FullName(), target.label)
	}
	switch target.held(recv, false) {
	case plainly:
		return confirmed, "a method value of " + f.FullName()
	case perhaps:
		return unknown, fmt.Sprintf("a method value of %s, whose receiver may lead to %s", f.FullName(), target.label)
	}
	return refuted, fmt.Sprintf("a method value of %s, whose receiver is no %s", f.FullName(), target.label)
}

var starters = []string{
	"(*sync.WaitGroup).Go", "(*golang.org/x/sync/errgroup.Group).Go", "(*golang.org/x/sync/errgroup.Group).TryGo",
}

// answerGoroutine: a goroutine is started there, with what is claimed.
func answerGoroutine(w *World, p *Place, q *Question) (string, string) {
	for _, n := range p.starting() {
		if statement, ok := n.(*ast.GoStmt); ok {
			return w.started(p, q, statement.Call)
		}
	}
	for _, call := range p.calls() {
		f, ok := p.pack.callee(call).(*types.Func)
		if ok && isOneOf(f.Origin().FullName(), starters) {
			return confirmed, "calls " + f.Origin().FullName()
		}
		if ok && f.Name() == "Go" {
			return unknown, "calls " + f.Origin().FullName()
		}
	}
	return unknown, "no go statement begins there"
}

func (w *World) started(p *Place, q *Question, call *ast.CallExpr) (string, string) {
	if q.Target.Kind == "" || q.Name == "stops" {
		return confirmed, "a go statement"
	}
	if q.Target.Kind == "function" && q.Name == "func" {
		if _, ok := unparen(call.Fun).(*ast.FuncLit); ok {
			return confirmed, "a go statement with a function literal"
		}
		switch object := p.pack.callee(call).(type) {
		case *types.Func:
			return confirmed, "a go statement that runs " + object.Origin().FullName()
		case *types.Var:
			return confirmed, "a go statement that runs what " + object.Name() + " " + said(object.Type()) + " holds"
		}
		return unknown, "what the go statement runs is not known"
	}
	target := w.wanted(p.pack, q.Target)
	if target == nil {
		return unknown, "the type " + q.Target.Name + " is not to be found"
	}
	bestSeen, seen := never, "nothing"
	for _, arg := range call.Args {
		if t := p.pack.typeOf(arg); t == nil {
			return unknown, "the type of an argument is not known"
		} else if g := target.heldBy(p.pack, arg, t); g > bestSeen || seen == "nothing" {
			bestSeen, seen = best(g, bestSeen), said(t)
		}
	}
	switch bestSeen {
	case plainly:
		return confirmed, "a go statement that hands on " + seen
	case perhaps:
		return unknown, fmt.Sprintf("a go statement that hands on %s, which may lead to %s", seen, target.label)
	}
	return refuted, fmt.Sprintf("a go statement that hands on %s, which leads to no %s", seen, target.label)
}

// answerWeakKey: an entry is stored there whose key has a weak pointer.
func answerWeakKey(w *World, p *Place, q *Question) (string, string) {
	state, why := unknown, "no entry of a map is stored there"
	look := func(key ast.Expr) bool {
		t := p.pack.typeOf(key)
		if t == nil {
			state, why = unknown, "the type of the key is not known"
			return false
		}
		if hasWeak(t, 0) {
			state, why = confirmed, "the key is "+said(t)
			return true
		}
		state, why = refuted, "the key is "+said(t)+", which has no weak pointer"
		if holdsUnknown(t) {
			state = unknown
		}
		return false
	}
	for _, n := range p.starting() {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if index, ok := unparen(left).(*ast.IndexExpr); ok && look(index.Index) {
					return state, why
				}
			}
		case *ast.CallExpr:
			if _, ok := p.pack.callee(n).(*types.Func); ok && len(n.Args) > 1 {
				if look(n.Args[0]) {
					return state, why
				}
			}
		}
	}
	return state, why
}

// hasWeak tells whether a key is or has a weak.Pointer (Go 1.24).
func hasWeak(t types.Type, depth int) bool {
	t = unalias(t)
	if named, ok := t.(*types.Named); ok {
		object := named.Obj()
		if object.Name() == "Pointer" && object.Pkg() != nil && object.Pkg().Path() == "weak" {
			return true
		}
	}
	if depth > 4 {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for i := 0; i < u.NumFields(); i++ {
			if hasWeak(u.Field(i).Type(), depth+1) {
				return true
			}
		}
	case *types.Array:
		return hasWeak(u.Elem(), depth+1)
	}
	return false
}

// holdsUnknown tells whether a type says nothing of what a value of it is.
func holdsUnknown(t types.Type) bool {
	_, isInterface := unalias(t).Underlying().(*types.Interface)
	return isInterface
}
