// Command symbols_oracle prints, for each file named on stdin, what Go's own parser says it uses and declares.
package main

import (
	"bufio"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"sort"
	"strconv"
)

type answer struct {
	File     string
	Aliases  map[string]string
	Uses     map[string][]string
	Declares map[string]string
}

func main() {
	out := json.NewEncoder(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, in.Text(), nil, 0)
		if err != nil {
			continue
		}
		out.Encode(look(in.Text(), file))
	}
}

func look(name string, file *ast.File) answer {
	a := answer{File: name, Aliases: map[string]string{}, Uses: map[string][]string{}, Declares: map[string]string{}}
	for _, spec := range file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		alias := path.Base(p)
		if spec.Name != nil {
			alias = spec.Name.Name
		}
		a.Aliases[alias] = p
	}
	unresolved := map[*ast.Ident]bool{}
	for _, id := range file.Unresolved {
		unresolved[id] = true
	}
	seen := map[string]map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok || !unresolved[id] || !sel.Sel.IsExported() {
			return true
		}
		if p, ok := a.Aliases[id.Name]; ok {
			if seen[p] == nil {
				seen[p] = map[string]bool{}
			}
			seen[p][sel.Sel.Name] = true
		}
		return true
	})
	for p, names := range seen {
		for n := range names {
			a.Uses[p] = append(a.Uses[p], n)
		}
		sort.Strings(a.Uses[p])
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.IsExported() {
				a.Declares[d.Name.Name] = "func"
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() {
						a.Declares[s.Name.Name] = "type"
					}
				case *ast.ValueSpec:
					for _, n := range s.Names {
						if n.IsExported() {
							a.Declares[n.Name] = d.Tok.String()
						}
					}
				}
			}
		}
	}
	return a
}
