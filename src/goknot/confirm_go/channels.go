package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// answerMade: a channel is made there, without room if that is claimed; or a context that is never done.
func answerMade(w *World, p *Place, q *Question) (string, string) {
	for _, call := range p.calls() {
		switch f := p.pack.callee(call).(type) {
		case *types.Builtin:
			if f.Name() != "make" || len(call.Args) == 0 {
				continue
			}
			t := p.pack.typeOf(call)
			if t == nil {
				return unknown, "the type of the channel is not known"
			}
			if _, ok := t.Underlying().(*types.Chan); !ok {
				return refuted, "makes a " + said(t) + ", no channel"
			}
			return room(p, q, call, t)
		case *types.Func:
			if name := f.FullName(); name == "context.Background" || name == "context.TODO" {
				return confirmed, "calls " + name
			} else if f.Name() == "make" {
				return refuted, "calls " + name + ", which is not Go's make"
			}
		case *types.Var:
			if f.Name() == "make" {
				return refuted, "calls a variable named make"
			}
		}
	}
	if len(p.starting()) > 0 {
		if _, ok := p.starting()[0].(*ast.SelectStmt); ok {
			return confirmed, "a select statement"
		}
	}
	return unknown, "no channel is made there"
}

func room(p *Place, q *Question, call *ast.CallExpr, t types.Type) (string, string) {
	if !q.Unbounded || len(call.Args) < 2 {
		return confirmed, "makes a " + said(t)
	}
	value := p.pack.info.Types[call.Args[1]].Value
	if value == nil {
		return unknown, "the room of the channel is no constant"
	}
	if n, exact := constant.Int64Val(constant.ToInt(value)); !exact || n > 0 {
		return refuted, fmt.Sprintf("makes a %s with room for %s", said(t), value)
	}
	return confirmed, "makes a " + said(t) + " without room"
}

// answerSend: what is done there is a send on a channel.
func answerSend(w *World, p *Place, q *Question) (string, string) {
	for _, n := range p.starting() {
		if send, ok := n.(*ast.SendStmt); ok {
			return channel(p, send.Chan, "sends on")
		}
	}
	return unknown, "no send statement begins there"
}

// answerReceive: what is done there is a receive from a channel.
func answerReceive(w *World, p *Place, q *Question) (string, string) {
	for _, n := range p.starting() {
		switch n := n.(type) {
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				return channel(p, n.X, "receives from")
			}
		case *ast.RangeStmt:
			return channel(p, n.X, "ranges over")
		case *ast.SelectStmt:
			return confirmed, "a select statement"
		case *ast.AssignStmt:
			if u, ok := unparen(n.Rhs[0]).(*ast.UnaryExpr); ok && u.Op == token.ARROW {
				return channel(p, u.X, "receives from")
			}
		}
	}
	return unknown, "nothing is received there"
}

func channel(p *Place, e ast.Expr, does string) (string, string) {
	t := p.pack.typeOf(e)
	if t == nil {
		return unknown, "the type of the channel is not known"
	}
	switch unalias(t).Underlying().(type) {
	case *types.Chan:
		return confirmed, does + " a " + said(t)
	case *types.Interface: // a type parameter
		return unknown, does + " " + said(t)
	}
	return refuted, does + " " + said(t) + ", which is no channel"
}
