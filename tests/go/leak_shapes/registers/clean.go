package registers

import (
	"container/list"
	"net/http"
	"sync"
	"sync/atomic"

	"example.com/leakshapes/payload"
)

var active = map[*session]bool{}

func deleting(http.ResponseWriter, *http.Request) {
	s := &session{data: payload.New()}
	active[s] = true
	defer delete(active, s)
	s.Hear("")
}

// Deleting deletes when the request is answered.
//
//shape:collected
func Deleting() { deleting(nil, nil) }

var guests []*session

func leaving(http.ResponseWriter, *http.Request) {
	s := &session{data: payload.New()}
	guests = append(guests, s)
	defer func() {
		for i, other := range guests {
			if other == s {
				guests[i] = guests[len(guests)-1]
				guests[len(guests)-1] = nil
				guests = guests[:len(guests)-1]
				return
			}
		}
	}()
	s.Hear("")
}

// Leaving is taken from the slice by a deferred closure.
//
//shape:collected
func Leaving() { leaving(nil, nil) }

var slots = map[string]*session{}

func latestOf(http.ResponseWriter, *http.Request) {
	slots["latest"] = &session{data: payload.New()}
}

// Latest replaces the one of the request before.
//
//shape:collected
func Latest() { latestOf(nil, nil) }

var history []*session

func remember(http.ResponseWriter, *http.Request) {
	history = append(history, &session{data: payload.New()})
	if len(history) > 1 {
		history = append([]*session(nil), history[len(history)-1:]...)
	}
}

// Bounded keeps the last.
//
//shape:collected
func Bounded() { remember(nil, nil) }

var queue = list.New()

func queued(http.ResponseWriter, *http.Request) {
	s := &session{data: payload.New()}
	s.at = queue.PushBack(s)
	defer queue.Remove(s.at)
}

// Queued is taken from the list.
//
//shape:collected
func Queued() { queued(nil, nil) }

var members sync.Map

func joinAndGo(http.ResponseWriter, *http.Request) {
	s := &session{data: payload.New()}
	members.Store(s, struct{}{})
	quit(s)
}

func quit(s *session) { members.Delete(s) }

// Quits is deleted by a function that is called.
//
//shape:collected
func Quits() { joinAndGo(nil, nil) }

type ticketOffice struct {
	mu   sync.Mutex
	next int
	open map[int]*session
}

var office = &ticketOffice{open: map[int]*session{}}

func (o *ticketOffice) sell(s *session) (ticket int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next++
	o.open[o.next] = s
	return o.next
}

func (o *ticketOffice) redeem(ticket int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, ticket)
}

func visit(http.ResponseWriter, *http.Request) {
	s := &session{data: payload.New()}
	s.id = office.sell(s)
	defer office.redeem(s.id)
}

// Redeemed gives its ticket back.
//
//shape:collected
func Redeemed() { visit(nil, nil) }

// LocalOffice sells from an office that is dropped with all its tickets.
//
//shape:collected
func LocalOffice() {
	o := &ticketOffice{open: map[int]*session{}}
	o.sell(&session{data: payload.New()})
}

var batch []*session

func collectBatch(http.ResponseWriter, *http.Request) {
	batch = append(batch, &session{data: payload.New()})
	flush()
}

func flush() {
	for _, s := range batch {
		s.Hear("")
	}
	clearBatch(&batch)
}

func clearBatch(all *[]*session) { *all = nil }

// Flushed is emptied through a pointer to the variable.
//
//shape:collected
func Flushed() { collectBatch(nil, nil) }

var snapshot atomic.Pointer[[]*session]

func publish(http.ResponseWriter, *http.Request) {
	snapshot.Store(&[]*session{{data: payload.New()}})
}

// Snapshot is a new slice each time.
//
//shape:collected
func Snapshot() { publish(nil, nil) }

var ids []int

func count(http.ResponseWriter, *http.Request) {
	s := &session{data: payload.New(), id: len(ids)}
	ids = append(ids, s.id)
}

// OnlyNumbers keeps a number of each.
//
//shape:collected
func OnlyNumbers() { count(nil, nil) }

var current *session

func replace(http.ResponseWriter, *http.Request) { current = &session{data: payload.New()} }

// Replaced is a variable for one.
//
//shape:collected
func Replaced() { replace(nil, nil) }

var spares []*session

func init() {
	for i := 0; i < 20; i++ {
		addSpare(i)
	}
}

func addSpare(id int) { spares = append(spares, &session{id: id}) }

// Warmed lends one of a fixed number of sessions, which a counted loop made when the program started.
//
//shape:collected
func Warmed() {
	s := spares[0]
	s.data = payload.New()
	s.Hear("")
	s.data = nil
}

var delayed []*session
var atEnd []func()

func init() {
	atEnd = append(atEnd, func() {
		for _, s := range delayed {
			s.Hear("")
		}
		delayed = nil
	})
}

func delay(http.ResponseWriter, *http.Request) {
	delayed = append(delayed, &session{data: payload.New()})
}

// Delayed is emptied by a closure that an init function hands on.
//
//shape:collected
func Delayed() {
	delay(nil, nil)
	for _, end := range atEnd {
		end()
	}
}

const nFirsts = 1

var firsts []*session

func noteFirst(http.ResponseWriter, *http.Request) {
	s := &session{data: payload.New()}
	if len(firsts) >= nFirsts {
		return
	}
	firsts = append(firsts, s)
}

// FirstsOnly keeps no more than so many.
//
//shape:collected
func FirstsOnly() { noteFirst(nil, nil) }

var (
	loaded   []*session
	loadOnce sync.Once
)

func load(lines []string) {
	loadOnce.Do(func() {
		for range lines {
			s := &session{data: payload.New()}
			loaded = append(loaded, s)
		}
	})
}

func loading(http.ResponseWriter, *http.Request) {
	load([]string{"one"})
	payload.New().Use()
}

// LoadedOnce is filled by the first request alone.
//
//shape:collected
func LoadedOnce() { loading(nil, nil) }

var (
	numbers = map[int]struct{}{}
	highest int
)

func number(http.ResponseWriter, *http.Request) {
	highest++
	numbers[highest] = struct{}{}
	payload.New().Use()
}

// Numbers keeps what takes no room.
//
//shape:collected
func Numbers() { number(nil, nil) }
