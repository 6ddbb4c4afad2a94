// heap_library fills a heap the way programs do, with the standard library: parsed and type-checked packages, templates,
// regular expressions, JSON documents, an HTTP server with clients, sorted and nested maps. It has no expectations of its
// own; it is where types as they come are measured.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"html/template"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"
)

const source = `package p
import "fmt"
type T%[1]d struct { A, B int; C map[string][]*T%[1]d; next *T%[1]d }
func (t *T%[1]d) M(x int, y ...string) (err error) {
	for i := range y { if x > len(y[i]) { fmt.Println(x, t.C["k"]); t.next = t } else { switch { case t.A > 0: x++; default: x-- } } }
	defer func() { if r := recover(); r != nil { err = fmt.Errorf("%%v", r) } }()
	return nil
}
var V%[1]d = []interface{}{1, "two", 3.0, T%[1]d{A: 1}, func(a int) int { return a * 2 }}
`

type library struct {
	files    []*ast.File
	set      *token.FileSet
	packages map[string]*types.Package
	info     *types.Info
	pages    *template.Template
	patterns []*regexp.Regexp
	docs     []any
	numbers  []*big.Int
	server   *httptest.Server
	clients  []*http.Client
	bodies   sync.Map
	logger   *slog.Logger
	timers   []*time.Timer
	readers  map[net.Conn]*bufio.Reader
	writer   *tabwriter.Writer
	decoder  *xml.Decoder
	byLength map[int]map[string]*ast.Ident
}

var shelf *library

type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, path)
	p.MarkComplete()
	return p, nil
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func fill(n int) *library {
	l := &library{set: token.NewFileSet(), packages: map[string]*types.Package{}, byLength: map[int]map[string]*ast.Ident{}}
	l.readers = map[net.Conn]*bufio.Reader{}
	l.info = &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}
	for i := 0; i < n; i++ {
		text := fmt.Sprintf(source, i)
		file, err := parser.ParseFile(l.set, fmt.Sprintf("f%d.go", i), text, parser.ParseComments)
		check(err)
		l.files = append(l.files, file)
		config := types.Config{Importer: noImports{}, Error: func(error) {}}
		p, _ := config.Check(fmt.Sprintf("p%d", i), l.set, []*ast.File{file}, l.info)
		l.packages[p.Path()] = p
		ast.Inspect(file, func(node ast.Node) bool {
			if ident, ok := node.(*ast.Ident); ok {
				if l.byLength[len(ident.Name)] == nil {
					l.byLength[len(ident.Name)] = map[string]*ast.Ident{}
				}
				l.byLength[len(ident.Name)][ident.Name] = ident
			}
			return true
		})
		var document any
		check(json.Unmarshal([]byte(fmt.Sprintf(`{"id":%d,"tags":["a","b",{"deep":[1,2,null,true]}],"name":"n%d"}`, i, i)), &document))
		l.docs = append(l.docs, document)
		l.patterns = append(l.patterns, regexp.MustCompile(fmt.Sprintf(`^(a|b)*c{1,%d}[x-z]+$`, i%9+1)))
		l.numbers = append(l.numbers, new(big.Int).Exp(big.NewInt(int64(i+2)), big.NewInt(97), nil))
		l.timers = append(l.timers, time.AfterFunc(time.Hour, func() { fmt.Println(l.docs) }))
	}
	out, err := format.Source([]byte("package p\nvar  x = 1"))
	check(err)
	l.pages = template.Must(template.New("page").Parse(`{{range .}}<a href="{{.U}}">{{.T | printf "%q"}}</a>{{else}}none{{end}}` + strings.ReplaceAll(string(out), "\n", " ")))
	check(l.pages.Execute(io.Discard, []map[string]string{{"U": "/", "T": "t"}}))
	l.logger = slog.New(slog.NewJSONHandler(io.Discard, nil)).With("who", l).WithGroup("g")
	l.writer = tabwriter.NewWriter(io.Discard, 1, 2, 3, ' ', 0)
	l.decoder = xml.NewDecoder(strings.NewReader("<a><b/></a>"))
	l.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		io.Copy(&body, r.Body)
		l.bodies.Store(r.URL.Path, &body)
		w.Write(body.Bytes())
	}))
	for i := 0; i < 10; i++ {
		client := &http.Client{Transport: &http.Transport{}}
		for k := 0; k < 5; k++ {
			answer, err := client.Post(fmt.Sprintf("%s/%d/%d", l.server.URL, i, k), "text/plain", strings.NewReader("hello"))
			check(err)
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
		l.clients = append(l.clients, client)
	}
	return l
}

var buffer [1]byte

func main() {
	n := flag.Int("n", 300, "files, documents, patterns, ...")
	dump := flag.String("dump", "", "write debug.WriteHeapDump to this file")
	flag.Parse()
	shelf = fill(*n)
	runtime.GC()
	runtime.GC()
	debug.SetGCPercent(-1)
	text, err := json.Marshal(map[string]any{"go": runtime.Version(), "pid": os.Getpid(), "n": *n})
	check(err)
	fd := -1
	if *dump != "" {
		fd, err = syscall.Open(*dump, syscall.O_CREAT|syscall.O_WRONLY|syscall.O_TRUNC, 0o600)
		check(err)
	}
	time.Sleep(50 * time.Millisecond)
	if fd >= 0 {
		debug.WriteHeapDump(uintptr(fd))
	}
	syscall.Write(1, append(text, '\n'))
	runtime.LockOSThread()
	for {
		if got, err := syscall.Read(0, buffer[:]); got == 0 && err == nil {
			os.Exit(0)
		}
	}
}
