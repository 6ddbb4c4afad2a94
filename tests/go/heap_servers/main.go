// heap_servers waits in the ways that servers wait. Goroutines of functions `wait...` can still be woken, though hardly
// anything points at what they wait for; those of functions `leak...` cannot. It says so in one line of JSON;
// its main goroutine waits as -main says.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

type blocked struct {
	Name   string `json:"name"`
	Goid   uint64 `json:"goid"`
	Leaked bool   `json:"leaked"`
}

var (
	mu       sync.Mutex
	started  []blocked
	lifetime context.Context
	holder   *owner
	guard    sync.RWMutex
	once     sync.Once
	servers  []*httptest.Server
	children []io.Closer
	more     []func() // what newer versions add
)

// rank looks like a processor of the scheduler: a number, a small state, nothing much.
type rank struct {
	id, state int32
	rest      [4096]byte
}

// ranks is longer than runtime.allp, and its elements say their own index as well.
var ranks = []*rank{
	{id: 0}, {id: 1}, {id: 2}, {id: 3}, {id: 4}, {id: 5}, {id: 6}, {id: 7}, {id: 8}, {id: 9}, {id: 10}, {id: 11},
	{id: 12}, {id: 13}, {id: 14}, {id: 15}, {id: 16}, {id: 17}, {id: 18}, {id: 19}, {id: 20}, {id: 21}, {id: 22},
}

type owner struct{ name *string }

func goid() uint64 {
	var buffer [64]byte
	id, err := strconv.ParseUint(strings.Fields(string(buffer[:runtime.Stack(buffer[:], false)]))[1], 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}

// start runs f in a goroutine of its own that says who it is.
func start(name string, f func()) {
	ready := make(chan struct{})
	go func() {
		mu.Lock()
		started = append(started, blocked{name, goid(), strings.HasPrefix(name, "leak")})
		mu.Unlock()
		close(ready)
		f()
	}()
	<-ready
}

func waitOn(c chan int) { <-c }

// waitSignal: the channel is known to os/signal alone.
func waitSignal() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	<-c
}

// waitNotifyContext: a context that a signal ends, dropped with its stop function.
func waitNotifyContext() {
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGUSR2)
	<-ctx.Done()
}

// waitAfterFunc: context.AfterFunc of a context that lives closes it.
func waitAfterFunc() {
	c := make(chan int)
	context.AfterFunc(lifetime, func() { close(c) })
	waitOn(c)
}

// waitTimerClosure: a pending timer's closure alone leads to it.
func waitTimerClosure() {
	c := make(chan int)
	time.AfterFunc(time.Hour, func() { close(c) })
	waitOn(c)
}

// waitDeadline: the context is on no other goroutine.
func waitDeadline() {
	ctx, _ := context.WithTimeout(context.Background(), time.Hour)
	child, _ := context.WithCancel(ctx)
	<-child.Done()
}

// waitReset: a ticker beside a channel of its own.
func waitReset() {
	own, ticker := make(chan int), time.NewTicker(time.Hour)
	for {
		select {
		case <-own:
		case <-ticker.C:
		}
	}
}

// waitReflect: reflect.Select on a timer.
func waitReflect() {
	cases := []reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(make(chan int))},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(time.After(time.Hour))},
	}
	reflect.Select(cases)
}

// waitFinalizer: the finalizer of an object that lives.
func waitFinalizer() {
	c := make(chan int)
	runtime.SetFinalizer(holder, func(*owner) { close(c) })
	waitOn(c)
}

// waitChild: a process; what it says arrives through a goroutine of os/exec.
func waitChild() {
	child := exec.Command("cat") // until our end of its input is closed
	child.Stdout = new(strings.Builder)
	input, err := child.StdinPipe()
	if err != nil {
		panic(err)
	}
	if err := child.Start(); err != nil {
		panic(err)
	}
	mu.Lock()
	children = append(children, input)
	mu.Unlock()
	child.Wait()
}

// waitReader: one that the network wakes sends on it.
func waitReader() {
	here, there := net.Pipe()
	_ = there
	c := make(chan int)
	reader, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	go func() {
		reader.Read(make([]byte, 1))
		here.Close()
		c <- 1
	}()
	waitOn(c)
}

// waitRead: a lock whose owner sleeps.
func waitRead()  { guard.RLock() }
func waitWrite() { guard.Lock() }
func waitOnce()  { once.Do(func() {}) }

// waitSleeper: a lock on nobody's stack but the sleeper's.
func waitSleeper() {
	lock, cond := new(sync.Mutex), make(chan *sync.Cond, 1)
	go func() {
		c := sync.NewCond(lock)
		cond <- c
		time.Sleep(time.Hour)
		c.Broadcast()
	}()
	c := <-cond
	lock.Lock()
	c.Wait()
}

// waitGroup: the last Done comes from one that the network wakes.
func waitGroup() {
	group := new(sync.WaitGroup)
	group.Add(1)
	reader, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	go func() { defer group.Done(); reader.Read(make([]byte, 1)) }()
	group.Wait()
}

// serve: a server with connections kept open on both sides, and a request that is being answered.
func serve() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
		fmt.Fprintln(w, "hello")
	}))
	servers = append(servers, server)
	for i := 0; i < 4; i++ {
		response, err := http.Get(server.URL)
		if err != nil {
			panic(err)
		}
		response.Body.Close()
		start("waitResponse", func() { http.Get(server.URL + "/slow") })
	}
}

type mill struct{ work chan bool }

func (m *mill) run() {
	for range m.work {
	}
}

// leakMill: the one who sends is gone, and nobody closed the channel (natefinch/lumberjack issue 56).
func leakMill() {
	m := &mill{make(chan bool, 1)}
	m.work <- true
	m.run()
}

// leakLate: the answer comes after its asker has left.
func leakLate() {
	answer := make(chan *mill)
	answer <- &mill{}
}

// leakGroup: a Done too few.
func leakGroup() {
	group := new(sync.WaitGroup)
	group.Add(1)
	group.Wait()
}

// leakCancel: a context that nobody can cancel any more.
func leakCancel() {
	ctx, _ := context.WithCancel(context.Background())
	child, _ := context.WithCancel(ctx)
	<-child.Done()
}

// leakDropped: it waits for a ring of contexts and AfterFuncs that is held by itself.
func leakDropped() {
	ctx, cancel := context.WithCancel(context.Background())
	c := make(chan int)
	context.AfterFunc(ctx, func() { close(c) })
	waitOn(c)
	cancel()
}

func plant() {
	var end context.CancelFunc
	lifetime, end = context.WithCancel(context.Background())
	more = append(more, end)
	holder = &owner{new(string)}
	start("sleepWithLocks", func() {
		guard.Lock()
		defer guard.Unlock()
		once.Do(func() { time.Sleep(time.Hour) })
	})
	for name, f := range map[string]func(){
		"waitSignal": waitSignal, "waitNotifyContext": waitNotifyContext, "waitAfterFunc": waitAfterFunc,
		"waitTimerClosure": waitTimerClosure, "waitDeadline": waitDeadline, "waitReset": waitReset,
		"waitReflect": waitReflect, "waitFinalizer": waitFinalizer, "waitChild": waitChild, "waitReader": waitReader,
		"waitRead": waitRead, "waitWrite": waitWrite, "waitOnce": waitOnce, "waitSleeper": waitSleeper,
		"waitGroup": waitGroup, "leakMill": leakMill, "leakLate": leakLate, "leakGroup": leakGroup,
		"leakCancel": leakCancel, "leakDropped": leakDropped,
	} {
		start(name, f)
	}
	serve()
	plantNewer()
}

func goLeaked() []uint64 {
	profile := pprof.Lookup("goroutineleak")
	if profile == nil {
		return nil
	}
	var text strings.Builder
	profile.WriteTo(&text, 2)
	found := []uint64{}
	for _, line := range strings.Split(text.String(), "\n") {
		if strings.HasPrefix(line, "goroutine ") && strings.Contains(line, "leaked)") {
			id, err := strconv.ParseUint(strings.Fields(line)[1], 10, 64)
			if err != nil {
				panic(err)
			}
			found = append(found, id)
		}
	}
	return found
}

//go:noinline
func park(how string) {
	switch how {
	case "select":
		select {}
	case "channel":
		<-make(chan struct{})
	case "group":
		var group sync.WaitGroup
		group.Add(1)
		group.Wait()
	case "deadlock":
		deadlock()
	}
}

// deadlock: main and a worker each wait for the other.
func deadlock() {
	ask, answer := make(chan int), make(chan int)
	go leakWorker(ask, answer)
	answer <- 1
	ask <- 2
}

func leakWorker(ask, answer chan int) {
	<-ask
	<-answer
}

func main() {
	how := flag.String("main", "select", "how the main goroutine waits: select, channel, group, deadlock")
	flag.String("dump", "", "not used")
	flag.Parse()
	plant()
	go speak()
	park(*how)
}

// speak waits until all others do.
func speak() {
	time.Sleep(300 * time.Millisecond)
	runtime.GC()
	said := map[string]any{"ranks": len(ranks), "goroutines": started, "go_leaked": goLeaked(), "pid": os.Getpid()}
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		panic(err)
	}
	time.Sleep(time.Hour)
}
