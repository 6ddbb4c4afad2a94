package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

const maxThrough = 4 // calls that a wrapper may be deep

// answerCall: the call resolves to one of some functions, and is handed what is claimed.
func answerCall(w *World, p *Place, q *Question) (string, string) {
	calls := p.calls()
	if len(calls) == 0 {
		return unknown, "no call begins there"
	}
	var other types.Object
	for _, call := range calls {
		object := p.pack.callee(call)
		f, ok := object.(*types.Func)
		if !ok {
			if b, ok := object.(*types.Builtin); ok && other == nil {
				other = b
			}
			continue
		}
		name := f.Origin().FullName()
		if isOneOf(name, q.Names) {
			return w.handed(p, q, call, "calls "+name)
		}
		if chain := w.leadsTo(f, q.Names, maxThrough, map[*types.Func]bool{}); q.Through && chain != nil {
			return confirmed, "calls " + name + ", which " + chain.said
		}
		if other == nil || bare(f.Name(), q.Names) {
			other = f
		}
	}
	if f, ok := other.(*types.Func); ok && bare(f.Name(), q.Names) && !q.Through {
		return refuted, "calls " + f.Origin().FullName() + ", not " + strings.Join(q.Names, " or ")
	}
	if other != nil {
		return unknown, "calls " + other.Name()
	}
	return unknown, "what is called is a variable, or its type is not known"
}

func isOneOf(name string, names []string) bool {
	for _, other := range names {
		if name == other {
			return true
		}
	}
	return false
}

func bare(name string, names []string) bool {
	for _, other := range names {
		if other[strings.LastIndex(other, ".")+1:] == name {
			return true
		}
	}
	return false
}

// handed checks what a call is given.
func (w *World) handed(p *Place, q *Question, call *ast.CallExpr, said0 string) (string, string) {
	state := confirmed
	for _, argument := range q.Arguments {
		given := argumentOf(call, argument.Index)
		if given == nil || argument.Target.Kind == "" {
			continue
		}
		target := w.wanted(p.pack, argument.Target)
		t := p.pack.typeOf(given)
		if target == nil || t == nil {
			state, said0 = unknown, said0+"; the type of what it is given is not known"
			continue
		}
		switch target.heldBy(p.pack, given, t) { // what is handed on by value is the object from then on
		case never:
			return refuted, fmt.Sprintf("%s with %s, which leads to no %s", said0, said(t), target.label)
		case perhaps:
			state, said0 = unknown, fmt.Sprintf("%s with %s, which may lead to %s", said0, said(t), target.label)
		case plainly:
			said0 += " with " + said(t)
		}
	}
	return state, said0
}

func argumentOf(call *ast.CallExpr, index int) ast.Expr {
	if index < 0 {
		if s, ok := unparen(call.Fun).(*ast.SelectorExpr); ok {
			return s.X
		}
		return nil
	}
	if index < len(call.Args) {
		return call.Args[index]
	}
	return nil
}

// A Chain is a way through calls that are known, to a call of a function that was asked for.
type Chain struct {
	said  string
	steps []*callSite // from the outermost body
}

type callSite struct {
	pack *Package
	decl *ast.FuncDecl
	call *ast.CallExpr
}

// leadsTo finds a way from the body of a function to a call of one of some functions; nil if none is seen.
func (w *World) leadsTo(f *types.Func, names []string, depth int, seen map[*types.Func]bool) *Chain {
	body, pack := w.body(f)
	if body == nil || body.Body == nil || seen[f] || depth == 0 {
		return nil
	}
	seen[f] = true
	var found *Chain
	ast.Inspect(body.Body, func(n ast.Node) bool {
		if found != nil {
			return false
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		inner, ok := pack.callee(call).(*types.Func)
		if !ok {
			return true
		}
		site := &callSite{pack, body, call}
		if name := inner.Origin().FullName(); isOneOf(name, names) {
			found = &Chain{"calls " + name + " at " + w.at(call.Pos()), []*callSite{site}}
		} else if further := w.leadsTo(inner, names, depth-1, seen); further != nil {
			found = &Chain{further.said, append([]*callSite{site}, further.steps...)}
		}
		return found == nil
	})
	return found
}
