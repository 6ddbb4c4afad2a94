package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// A grade says whether a value of one type can lead to an object of another.
type grade int

const (
	never   grade = iota // no pointer of it can
	perhaps              // through further objects, or go/types cannot tell
	plainly              // it can point to one
)

const maxTypes = 20000 // looked at for one question

func (x *Wanted) is(name *types.TypeName) bool {
	if name == x.obj {
		return true
	}
	a, b := name.Pkg(), x.obj.Pkg()
	if a == nil || b == nil || a.Path() != b.Path() || name.Name() != x.obj.Name() {
		return false
	}
	return name.Parent() == a.Scope() && x.obj.Parent() == b.Scope() // once from source, once from export data
}

// held grades what a value of type t leads to.
//
// If the value lies in an object that was made for it (a captured variable, an element), pointed is true: it is itself
// what a pointer leads to.
func (x *Wanted) held(t types.Type, pointed bool) grade { return x.peeled(t, pointed, 0) }

func (x *Wanted) peeled(t types.Type, pointed bool, depth int) grade {
	if t == nil || depth > 20 {
		return perhaps
	}
	t = unalias(t)
	if named, ok := t.(*types.Named); ok && x.kind == "type" && x.is(named.Obj()) && (pointed || isReference(named)) {
		return plainly
	}
	if x.kind == "" && isReference(t) {
		return plainly // nothing more is claimed of what is held
	}
	if _, parameter := t.(*types.TypeParam); parameter {
		return perhaps
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return x.peeled(u.Elem(), true, depth+1)
	case *types.Array:
		return x.peeled(u.Elem(), pointed, depth+1)
	case *types.Slice:
		return best(gradeOf(x.kind == "slice"), x.peeled(u.Elem(), true, depth+1))
	case *types.Chan:
		return best(gradeOf(x.kind == "chan"), x.peeled(u.Elem(), true, depth+1))
	case *types.Map:
		inside := best(x.peeled(u.Key(), true, depth+1), x.peeled(u.Elem(), true, depth+1))
		return best(gradeOf(x.kind == "map"), inside)
	case *types.Signature:
		return best(gradeOf(x.kind == "function"), perhaps) // what it captures is not in its type
	case *types.Interface:
		return x.inInterface(u)
	}
	s := search{wanted: x, seen: map[step]bool{}}
	if s.visit(t, pointed) {
		return perhaps
	}
	return never
}

// heldBy grades what an expression leads to: as its type does, and &x.part leads to x.
func (x *Wanted) heldBy(p *Package, e ast.Expr, t types.Type) grade {
	g := x.held(t, true)
	if g == plainly {
		return g
	}
	switch e := unparen(e).(type) {
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return best(g, x.around(p, e.X))
		}
	case *ast.SliceExpr:
		return best(g, x.around(p, e.X))
	}
	return g
}

// around grades whether a variable lies in the wanted object.
func (x *Wanted) around(p *Package, e ast.Expr) grade {
	for {
		var base ast.Expr
		switch part := unparen(e).(type) {
		case *ast.SelectorExpr:
			base = part.X
		case *ast.IndexExpr:
			base = part.X
		default:
			return never
		}
		t := p.typeOf(base)
		if t == nil {
			return perhaps
		}
		pointer, through := unalias(t).Underlying().(*types.Pointer)
		if through {
			t = pointer.Elem()
		}
		if named, ok := unalias(t).(*types.Named); ok && x.kind == "type" && x.is(named.Obj()) {
			return plainly
		}
		if through || isReference(t) {
			return never
		}
		e = base
	}
}

func (x *Wanted) inInterface(i *types.Interface) grade {
	switch {
	case i.Empty():
		return plainly
	case x.kind == "type" && !types.IsInterface(x.obj.Type()):
		return x.implements(i)
	}
	return perhaps // of another named type with methods
}

func gradeOf(is bool) grade {
	if is {
		return plainly
	}
	return never
}

func best(a, b grade) grade {
	if a > b {
		return a
	}
	return b
}

func isReference(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Interface:
		return true
	}
	return false
}

// implements grades whether a pointer to the wanted type is of an interface. Signatures are compared as text: one may
// come from source and the other from export data. Where only the text differs nothing is said.
func (x *Wanted) implements(i *types.Interface) grade {
	found := plainly
	self := types.NewPointer(x.obj.Type())
	for m := 0; m < i.NumMethods(); m++ {
		want := i.Method(m)
		object, _, _ := types.LookupFieldOrMethod(self, true, want.Pkg(), want.Name())
		have, ok := object.(*types.Func)
		if !ok {
			return never
		}
		if !types.Identical(have.Type(), want.Type()) && signature(have) != signature(want) {
			found = perhaps
		}
	}
	if !i.IsMethodSet() {
		return perhaps
	}
	return found
}

func signature(f *types.Func) string {
	s := f.Type().(*types.Signature)
	return types.TypeString(types.NewSignatureType(nil, nil, nil, s.Params(), s.Results(), s.Variadic()), nil)
}

// A search looks through all that a type can lead to.
type search struct {
	wanted *Wanted
	seen   map[step]bool
}

type step struct {
	t       types.Type
	pointed bool
}

func (s *search) visit(t types.Type, pointed bool) bool {
	t = unalias(t)
	if named, ok := t.(*types.Named); ok {
		if s.wanted.kind == "type" && s.wanted.is(named.Obj()) && (pointed || isReference(named)) {
			return true
		}
	}
	if _, parameter := t.(*types.TypeParam); parameter {
		return true
	}
	if pointed && s.wanted.hasPart(t) {
		return true
	}
	if s.seen[step{t, pointed}] {
		return false
	}
	if s.seen[step{t, pointed}] = true; len(s.seen) > maxTypes {
		return true // too much to look at: it may be
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer || u.Kind() == types.Invalid
	case *types.Pointer:
		return s.visit(u.Elem(), true)
	case *types.Slice:
		return s.wanted.kind == "slice" || s.visit(u.Elem(), true)
	case *types.Array:
		return s.visit(u.Elem(), pointed)
	case *types.Map:
		return s.wanted.kind == "map" || s.visit(u.Key(), true) || s.visit(u.Elem(), true)
	case *types.Chan:
		return s.wanted.kind == "chan" || s.visit(u.Elem(), true)
	case *types.Signature:
		return true // a function may hold anything
	case *types.Interface:
		return true // what implements it may hold anything
	case *types.Struct:
		for i := 0; i < u.NumFields(); i++ {
			if s.visit(u.Field(i).Type(), pointed) {
				return true
			}
		}
	}
	return false
}

// said is a type as a person writes it.
func said(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}
