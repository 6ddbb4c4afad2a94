// confirm answers questions about Go source with go/types: what a call resolves to, what a field can hold, what a
// closure captures. It reads a request as JSON on standard input and writes the answers as JSON on standard output; it
// runs nothing and opens only the files that the request names.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
)

// A Request is everything that is asked at once.
type Request struct {
	Root      string            `json:"root"` // paths in answers are relative to it
	GOARCH    string            `json:"goarch"`
	Packages  []PackageFiles    `json:"packages"` // to be read from source, in any order
	Exports   map[string]string `json:"exports"`  // import path -> file with the compiler's export data
	Dirs      map[string]string `json:"dirs"`     // folder -> import path, of every package of the tree that is known
	Questions []Question        `json:"questions"`
}

// PackageFiles is a package as `go list` tells of it.
type PackageFiles struct {
	Path      string            `json:"path"`
	Files     []string          `json:"files"` // absolute
	ImportMap map[string]string `json:"import_map"`
}

// Spot is a place in a file: absolute path; line and column in bytes count from 1.
type Spot struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// A Target says what an object is taken for.
type Target struct {
	Kind string `json:"kind"` // "type", "function", "map", "slice", "chan", or "" if nothing is claimed
	Name string `json:"name"` // of a type: without its package; of a method value: the method
	Path string `json:"path"` // of a type: what is known of its import path, perhaps without the module's
	Spot Spot   `json:"spot"` // of a type: its declaration, or where the object is made
}

// An Argument says what a call is handed.
type Argument struct {
	Index  int    `json:"index"` // -1: the receiver
	Target Target `json:"target"`
}

// A Question asks whether a claim about one place is true.
type Question struct {
	ID        int        `json:"id"`
	Kind      string     `json:"kind"` // one of `answerers`
	Spot      Spot       `json:"spot"`
	Names     []string   `json:"names"`     // call: what it may be, as types.Func.FullName has it
	Through   bool       `json:"through"`   // call: a function that calls one of them will do
	Arguments []Argument `json:"arguments"` // call
	Name      string     `json:"name"`      // field, variable or method
	Target    Target     `json:"target"`    // what is held there
	Unbounded bool       `json:"unbounded"` // made: a channel without room
	Places    []Spot     `json:"places"`    // flow: where pointers are stored
}

// An Answer is what go/types says. State: "confirmed", "refuted" or "unknown", each with its reason.
type Answer struct {
	ID    int    `json:"id"`
	State string `json:"state"`
	Why   string `json:"why"`
}

// A Problem is what could not be read.
type Problem struct {
	Where string `json:"where"`
	What  string `json:"what"`
}

// A Reply is everything there is to say.
type Reply struct {
	Go       string    `json:"go"`
	Answers  []Answer  `json:"answers"`
	Problems []Problem `json:"problems"`
}

const (
	confirmed = "confirmed"
	refuted   = "refuted"
	unknown   = "unknown"
)

type answerer func(*World, *Place, *Question) (state, why string)

var answerers = map[string]answerer{
	"call":      answerCall,
	"capture":   answerCapture,
	"field":     answerField,
	"flow":      answerFlow,
	"goroutine": answerGoroutine,
	"made":      answerMade,
	"receive":   answerReceive,
	"receiver":  answerReceiver,
	"send":      answerSend,
	"table":     answerTable,
	"weakkey":   answerWeakKey,
}

func main() {
	var request Request
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		fmt.Fprintln(os.Stderr, "request:", err)
		os.Exit(2)
	}
	world := load(&request)
	reply := Reply{Go: runtime.Version(), Answers: []Answer{}}
	for i := range request.Questions {
		reply.Answers = append(reply.Answers, world.answer(&request.Questions[i]))
	}
	reply.Problems = append([]Problem{}, world.problems...)
	if err := json.NewEncoder(os.Stdout).Encode(reply); err != nil {
		fmt.Fprintln(os.Stderr, "reply:", err)
		os.Exit(2)
	}
}

func (w *World) answer(q *Question) (answer Answer) {
	answer = Answer{ID: q.ID, State: unknown}
	defer func() {
		// go/types panics on some broken code; one question must not cost the others their answers
		if r := recover(); r != nil {
			answer.State, answer.Why = unknown, fmt.Sprintf("go/types failed: %v", r)
		}
	}()
	ask := answerers[q.Kind]
	if ask == nil {
		answer.Why = "no such question: " + q.Kind
		return answer
	}
	place, why := w.place(q.Spot)
	if place == nil {
		answer.Why = why
		return answer
	}
	answer.State, answer.Why = ask(w, place, q)
	return answer
}
