package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
)

// A Place is a position, with the syntax around it.
type Place struct {
	pack *Package
	file *ast.File
	pos  token.Pos
	path []ast.Node // what encloses the position, outermost first
	from int        // path[from:] begins exactly there
}

func (w *World) place(spot Spot) (*Place, string) {
	file := w.fileOf[filepath.FromSlash(spot.File)]
	if file == nil {
		return nil, "the file is no part of a package that go list builds here"
	}
	tf := w.fset.File(file.FileStart)
	if tf == nil || spot.Line < 1 || spot.Line > tf.LineCount() || spot.Column < 1 {
		return nil, "there is no such line"
	}
	pos := tf.LineStart(spot.Line) + token.Pos(spot.Column-1)
	place := &Place{pack: w.packOf[file], file: file, pos: pos}
	place.path = enclosing(file, pos)
	place.from = len(place.path)
	for place.from > 0 && place.path[place.from-1].Pos() == pos {
		place.from--
	}
	return place, ""
}

// enclosing is the chain of nodes around a position.
func enclosing(root ast.Node, pos token.Pos) []ast.Node {
	var path []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil || pos < n.Pos() || pos >= n.End() {
			return false
		}
		path = append(path, n)
		return true
	})
	return path
}

// starting is the nodes that begin exactly there, outermost first.
func (p *Place) starting() []ast.Node { return p.path[p.from:] }

// calls is the calls that begin exactly there, or that a go or defer statement there makes.
func (p *Place) calls() []*ast.CallExpr {
	var found []*ast.CallExpr
	for _, n := range p.starting() {
		switch n := n.(type) {
		case *ast.CallExpr:
			found = append(found, n)
		case *ast.GoStmt:
			found = append(found, n.Call)
		case *ast.DeferStmt:
			found = append(found, n.Call)
		}
	}
	return found
}

// function is the innermost function around a place, and the declaration around that.
func function(path []ast.Node) (inner ast.Node, decl *ast.FuncDecl) {
	for _, n := range path {
		switch n := n.(type) {
		case *ast.FuncDecl:
			inner, decl = n, n
		case *ast.FuncLit:
			inner = n
		}
	}
	return inner, decl
}

func unparen(e ast.Expr) ast.Expr {
	for {
		p, ok := e.(*ast.ParenExpr)
		if !ok {
			return e
		}
		e = p.X
	}
}

// named is the object that an expression names: a variable, field, function; nil if it names none.
func (p *Package) named(e ast.Expr) types.Object {
	switch e := unparen(e).(type) {
	case *ast.Ident:
		if object := p.info.Uses[e]; object != nil {
			return object
		}
		return p.info.Defs[e]
	case *ast.SelectorExpr:
		if s := p.info.Selections[e]; s != nil {
			return s.Obj()
		}
		return p.info.Uses[e.Sel]
	case *ast.IndexExpr: // of a generic function; what else is indexed is no function
		if f, ok := p.named(e.X).(*types.Func); ok {
			return f
		}
	case *ast.IndexListExpr:
		return p.named(e.X)
	}
	return nil
}

// callee is what a call calls, as far as that is one function; a conversion has none.
func (p *Package) callee(call *ast.CallExpr) types.Object { return p.named(call.Fun) }

// typeOf is the type of an expression; nil if go/types has none, or could not find it out.
func (p *Package) typeOf(e ast.Expr) types.Type {
	t := p.info.TypeOf(e)
	if t == nil || t == types.Typ[types.Invalid] {
		return nil
	}
	return t
}

// isPackageVariable tells whether an object is one.
func isPackageVariable(object types.Object) bool {
	v, ok := object.(*types.Var)
	return ok && !v.IsField() && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}
