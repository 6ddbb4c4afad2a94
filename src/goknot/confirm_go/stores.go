package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// A Stored is a value that is put somewhere at a place, and the variable, field or element that it is put in, if that
// can be said.
type Stored struct {
	value ast.Expr
	t     types.Type
	into  ast.Expr   // nil in a literal without keys, and in calls
	field *types.Var // of a literal
	call  *types.Func
}

// answerField: what is stored there can lead to the target, and so can the field that it is stored in.
func answerField(w *World, p *Place, q *Question) (string, string) {
	target := w.wanted(p.pack, q.Target)
	if target == nil {
		return unknown, "the type " + q.Target.Name + " is not to be found"
	}
	all := p.stored()
	if len(all) == 0 {
		return unknown, "nothing is stored there that go/types knows of"
	}
	state, why, name := refuted, "", lastField(q.Name)
	for _, stored := range all {
		field := stored.field
		if field == nil && stored.into != nil {
			field = p.pack.fieldOf(stored.into)
		}
		if field != nil && name != "" && field.Name() != name && len(all) > 1 {
			continue // another side of the same assignment
		}
		one, text := w.storedIn(p, stored, field, target)
		if one == confirmed {
			return one, text
		}
		if one == unknown && state == refuted || why == "" {
			state, why = one, text
		}
	}
	if why == "" {
		return unknown, "the field " + name + " is not assigned there"
	}
	return state, why
}

func (w *World) storedIn(p *Place, s Stored, field *types.Var, target *Wanted) (string, string) {
	if s.t == nil {
		return unknown, "the type of what is stored is not known"
	}
	into := ""
	if field != nil {
		into = " in " + field.Name() + " " + said(field.Type())
		if target.held(field.Type(), true) == never {
			return refuted, fmt.Sprintf("%s %s leads to no %s", field.Name(), said(field.Type()), target.label)
		}
	}
	if s.call != nil {
		into = " by " + s.call.Origin().FullName()
	}
	switch g := target.heldBy(p.pack, s.value, s.t); {
	case g == plainly && isCopy(s):
		return unknown, "stores a copy of " + said(s.t) + into
	case g == plainly:
		return confirmed, "stores " + said(s.t) + into
	case g == perhaps:
		return unknown, fmt.Sprintf("stores %s%s, which may lead to %s", said(s.t), into, target.label)
	}
	return refuted, fmt.Sprintf("stores %s%s, which leads to no %s", said(s.t), into, target.label)
}

// isCopy tells whether a value is a copy of a variable: what is made there may be the object itself.
func isCopy(s Stored) bool {
	switch unalias(s.t).Underlying().(type) {
	case *types.Struct, *types.Array:
	default:
		return false
	}
	switch unparen(s.value).(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.StarExpr, *ast.IndexExpr:
		return true
	}
	return false
}

// lastField is `b` of `A.x.b[]`; empty if there is no name.
func lastField(path string) string {
	for _, mark := range []string{"[]", "[key]"} {
		path = strings.ReplaceAll(path, mark, "")
	}
	return path[strings.LastIndex(path, ".")+1:]
}

// fieldOf is the field that an expression selects, or holds the container of which it selects an element.
func (p *Package) fieldOf(e ast.Expr) *types.Var {
	for {
		switch x := unparen(e).(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			if s := p.info.Selections[x]; s != nil && s.Kind() == types.FieldVal {
				v, _ := s.Obj().(*types.Var)
				return v
			}
			return nil
		default:
			return nil
		}
	}
}

// stored is what is put somewhere by what begins at a place.
func (p *Place) stored() []Stored {
	var found []Stored
	for i, n := range p.path {
		if i < p.from {
			continue
		}
		switch n := n.(type) {
		case *ast.AssignStmt:
			found = append(found, p.assigned(n)...)
		case *ast.SendStmt:
			found = append(found, Stored{value: n.Value, t: p.pack.typeOf(n.Value), into: n.Chan})
		case *ast.KeyValueExpr:
			found = append(found, p.ofLiteral(i, n, n.Value))
			if len(p.path) > 0 && p.isMapLiteral(i) {
				found = append(found, Stored{value: n.Key, t: p.pack.typeOf(n.Key)})
			}
		case *ast.CallExpr:
			found = append(found, p.given(n)...)
		}
		if value, ok := n.(ast.Expr); ok && i > 0 && isElement(p.path[i-1], value) {
			found = append(found, p.ofLiteral(i, value, value))
		}
	}
	return found
}

func isElement(parent ast.Node, value ast.Expr) bool {
	literal, ok := parent.(*ast.CompositeLit)
	if !ok {
		return false
	}
	if _, keyed := value.(*ast.KeyValueExpr); keyed {
		return false
	}
	for _, element := range literal.Elts {
		if element == value {
			return true
		}
	}
	return false
}

func (p *Place) assigned(n *ast.AssignStmt) []Stored {
	var found []Stored
	for i, left := range n.Lhs {
		if len(n.Lhs) == len(n.Rhs) {
			right := n.Rhs[i]
			found = append(found, Stored{value: right, t: p.pack.typeOf(right), into: left})
			if call, ok := unparen(right).(*ast.CallExpr); ok && p.pack.isBuiltin(call, "append") {
				found = append(found, p.given(call)...)
			}
		} else if tuple, ok := p.pack.info.TypeOf(n.Rhs[0]).(*types.Tuple); ok && i < tuple.Len() {
			found = append(found, Stored{value: n.Rhs[0], t: tuple.At(i).Type(), into: left})
		} else {
			found = append(found, Stored{value: n.Rhs[0], t: p.pack.typeOf(left), into: left})
		}
		if index, ok := unparen(left).(*ast.IndexExpr); ok { // a key is stored, too
			found = append(found, Stored{value: index.Index, t: p.pack.typeOf(index.Index), into: left})
		}
	}
	return found
}

// given is what a call is handed; append's first argument is where it is put.
func (p *Place) given(call *ast.CallExpr) []Stored {
	var found []Stored
	f, _ := p.pack.callee(call).(*types.Func)
	appends := p.pack.isBuiltin(call, "append")
	if f == nil && !appends {
		return nil
	}
	for i, arg := range call.Args {
		switch {
		case appends && i == 0:
		case appends:
			found = append(found, Stored{value: arg, t: p.pack.typeOf(arg), into: call.Args[0]})
		default:
			found = append(found, Stored{value: arg, t: p.pack.typeOf(arg), call: f})
		}
	}
	return found
}

func (p *Package) isBuiltin(call *ast.CallExpr, name string) bool {
	b, ok := p.callee(call).(*types.Builtin)
	return ok && b.Name() == name
}

func (p *Place) isMapLiteral(i int) bool {
	if i == 0 {
		return false
	}
	literal, ok := p.path[i-1].(*ast.CompositeLit)
	if !ok {
		return false
	}
	t := p.pack.typeOf(literal)
	if t == nil {
		return false
	}
	_, ok = t.Underlying().(*types.Map)
	return ok
}

func (p *Place) ofLiteral(i int, element, value ast.Expr) Stored {
	s := Stored{value: value, t: p.pack.typeOf(value)}
	if keyed, ok := element.(*ast.KeyValueExpr); ok {
		if key, ok := keyed.Key.(*ast.Ident); ok {
			if v, ok := p.pack.info.Uses[key].(*types.Var); ok && v.IsField() {
				s.field = v
			}
		}
		return s
	}
	literal, _ := p.path[i-1].(*ast.CompositeLit)
	if t := p.pack.typeOf(literal); t != nil {
		if pointer, ok := t.Underlying().(*types.Pointer); ok {
			t = pointer.Elem()
		}
		if fields, ok := t.Underlying().(*types.Struct); ok {
			for k, other := range literal.Elts {
				if other == element && k < fields.NumFields() {
					s.field = fields.Field(k)
				}
			}
		}
	}
	return s
}
