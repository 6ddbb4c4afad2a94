package main

import (
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"
)

// knotted is held by one blocked goroutine alone.
type knotted struct {
	wake    chan *knotted
	done    chan struct{}
	mu      sync.Mutex
	rw      sync.RWMutex
	wg      sync.WaitGroup
	cond    *sync.Cond
	payload []byte
}

func newKnotted() *knotted {
	k := &knotted{wake: make(chan *knotted), done: make(chan struct{}), payload: payload(3)}
	k.cond = sync.NewCond(&k.mu)
	return k
}

var (
	wakeLater      = make(chan *knotted)
	wakeLaterDone  = make(chan struct{})
	globalKnotted  = newKnotted()
	globalContexts []context.CancelFunc
	wrappers       []*wrapper
	pipes          []*os.File
)

// wrapper is the right way: only it is held by users; what the goroutine holds does not lead to it.
type wrapper struct{ *core }
type core struct{ stop chan struct{} }

type janitor struct {
	items   map[string]*janitor
	ticker  *time.Ticker
	payload []byte
}

func goid() uint64 {
	var buffer [64]byte
	fields := strings.Fields(string(buffer[:runtime.Stack(buffer[:], false)]))
	id, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}

//go:noinline
func leakRecv(k *knotted) { <-k.wake; runtime.KeepAlive(k) }

//go:noinline
func leakSend(k *knotted) { k.wake <- k; runtime.KeepAlive(k) }

//go:noinline
func leakSelect(k *knotted) {
	select {
	case <-k.wake:
	case <-k.done:
	}
	runtime.KeepAlive(k)
}

//go:noinline
func leakRange(k *knotted) {
	for other := range k.wake {
		runtime.KeepAlive(other)
	}
	runtime.KeepAlive(k)
}

//go:noinline
func leakNilChan(k *knotted) {
	var none chan int
	<-none
	runtime.KeepAlive(k)
}

//go:noinline
func leakEmptySelect(k *knotted) {
	defer runtime.KeepAlive(k)
	select {}
}

//go:noinline
func leakMutex(k *knotted) {
	k.mu.Lock()
	k.mu.Lock()
	runtime.KeepAlive(k)
}

//go:noinline
func leakRLock(k *knotted) {
	k.rw.Lock()
	k.rw.RLock()
	runtime.KeepAlive(k)
}

//go:noinline
func leakRWLock(k *knotted) {
	k.rw.RLock()
	k.rw.Lock()
	runtime.KeepAlive(k)
}

//go:noinline
func leakWaitGroup(k *knotted) {
	k.wg.Add(1)
	k.wg.Wait()
	runtime.KeepAlive(k)
}

//go:noinline
func leakCond(k *knotted) {
	k.mu.Lock()
	k.cond.Wait()
	runtime.KeepAlive(k)
}

//go:noinline
func leakPair(k *knotted) { // waits for one that waits for it
	other := newKnotted()
	go leakPairOther(k, other)
	<-k.wake
	other.wake <- k
	runtime.KeepAlive(k)
}

//go:noinline
func leakPairOther(k, other *knotted) {
	<-other.wake
	k.wake <- other
}

//go:noinline
func leakContext(k *knotted) { // cancelled by nobody: its cancel function is lost
	ctx, cancel := context.WithCancel(context.Background())
	_ = cancel
	<-ctx.Done()
	runtime.KeepAlive(k)
}

//go:noinline
func liveGlobalChan(k *knotted) { <-wakeLater; runtime.KeepAlive(k) }

//go:noinline
func liveSelect(k *knotted) {
	select {
	case <-k.wake:
	case <-wakeLaterDone:
	}
	runtime.KeepAlive(k)
}

//go:noinline
func liveSleep(k *knotted) { time.Sleep(time.Hour); runtime.KeepAlive(k) }

//go:noinline
func liveAfter(k *knotted) {
	select {
	case <-k.wake:
	case <-time.After(time.Hour):
	}
	runtime.KeepAlive(k)
}

//go:noinline
func liveTicker(k *knotted) {
	j := &janitor{items: map[string]*janitor{}, ticker: time.NewTicker(time.Hour), payload: k.payload}
	for range j.ticker.C {
		j.items["x"] = j
	}
	runtime.KeepAlive(k)
}

//go:noinline
func liveTimeout(k *knotted) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	<-ctx.Done()
	runtime.KeepAlive(k)
}

//go:noinline
func liveAfterFunc(k *knotted) {
	time.AfterFunc(time.Hour, func() { close(k.done) })
	<-k.done
	runtime.KeepAlive(k)
}

//go:noinline
func liveMutex(k *knotted) { globalKnotted.mu.Lock(); runtime.KeepAlive(k) }

//go:noinline
func liveWaitGroup(k *knotted) { globalKnotted.wg.Wait(); runtime.KeepAlive(k) }

//go:noinline
func liveContext(k *knotted) {
	ctx, cancel := context.WithCancel(context.Background())
	finalizedLock <- struct{}{}
	globalContexts = append(globalContexts, cancel)
	<-finalizedLock
	<-ctx.Done()
	runtime.KeepAlive(k)
}

//go:noinline
func liveOtherStack(k *knotted) { // woken by a goroutine that sleeps
	go liveOtherStackWaker(k)
	<-k.done
	runtime.KeepAlive(k)
}

//go:noinline
func liveOtherStackWaker(k *knotted) { time.Sleep(time.Hour); close(k.done) }

//go:noinline
func liveChain(k *knotted) { // woken by one who is woken by a global
	go func() { <-wakeLater; close(k.done) }()
	<-k.done
	runtime.KeepAlive(k)
}

//go:noinline
func liveWrapper(k *knotted) {
	c := &core{make(chan struct{})}
	finalizedLock <- struct{}{}
	wrappers = append(wrappers, &wrapper{c})
	<-finalizedLock
	<-c.stop
	runtime.KeepAlive(k)
}

//go:noinline
func livePipe(k *knotted) { // the network poller wakes it
	reader, writer, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	finalizedLock <- struct{}{}
	pipes = append(pipes, writer)
	<-finalizedLock
	var one [1]byte
	reader.Read(one[:])
	runtime.KeepAlive(k)
}

//go:noinline
func liveFinalizer(k *knotted) { // a reachable object's finalizer would wake it
	h := &finHolder{}
	done := k.done
	runtime.SetFinalizer(h, func(*finHolder) { close(done) })
	finalizedLock <- struct{}{}
	keep = append(keep, h)
	<-finalizedLock
	<-done
	runtime.KeepAlive(k)
}

var goroutineShapes = []struct {
	name   string
	leaked bool
	run    func(*knotted)
	name2  string
}{
	{"recv", true, leakRecv, "main.leakRecv"}, {"send", true, leakSend, "main.leakSend"},
	{"select", true, leakSelect, "main.leakSelect"}, {"range", true, leakRange, "main.leakRange"},
	{"nil-chan", true, leakNilChan, "main.leakNilChan"}, {"empty-select", true, leakEmptySelect, "main.leakEmptySelect"},
	{"mutex", true, leakMutex, "main.leakMutex"}, {"rlock", true, leakRLock, "main.leakRLock"},
	{"rwlock", true, leakRWLock, "main.leakRWLock"}, {"waitgroup", true, leakWaitGroup, "main.leakWaitGroup"},
	{"cond", true, leakCond, "main.leakCond"}, {"pair", true, leakPair, "main.leakPair"},
	{"context", true, leakContext, "main.leakContext"},
	{"global-chan", false, liveGlobalChan, "main.liveGlobalChan"}, {"select-one-live", false, liveSelect, "main.liveSelect"},
	{"sleep", false, liveSleep, "main.liveSleep"}, {"after", false, liveAfter, "main.liveAfter"},
	{"ticker", false, liveTicker, "main.liveTicker"}, {"timeout", false, liveTimeout, "main.liveTimeout"},
	{"afterfunc", false, liveAfterFunc, "main.liveAfterFunc"}, {"global-mutex", false, liveMutex, "main.liveMutex"},
	{"global-waitgroup", false, liveWaitGroup, "main.liveWaitGroup"}, {"global-context", false, liveContext, "main.liveContext"},
	{"other-stack", false, liveOtherStack, "main.liveOtherStack"}, {"chain-live", false, liveChain, "main.liveChain"},
	{"wrapper", false, liveWrapper, "main.liveWrapper"}, {"pipe", false, livePipe, "main.livePipe"},
	{"live-finalizer", false, liveFinalizer, "main.liveFinalizer"},
}

// holdOnStack keeps a ring in a frame of a goroutine that a package variable may wake.
//
//go:noinline
func holdOnStack(h *held) {
	<-wakeLater
	h.fire()
}

func plantGoroutines() []*blocked {
	globalKnotted.mu.Lock()
	globalKnotted.wg.Add(1)
	var all []*blocked
	started := make(chan struct{})
	for _, shape := range goroutineShapes {
		if !wanted("goroutine-" + shape.name) {
			continue
		}
		for range make([]struct{}, *instant) {
			b := &blocked{Shape: shape.name, Leaked: shape.leaked, Function: shape.name2}
			all = append(all, b)
			run := shape.run
			go func() {
				k := newKnotted()
				b.Goid, b.Payload = goid(), address3p(k)
				b = nil
				started <- struct{}{}
				run(k)
			}()
			<-started
		}
	}
	if wanted("stack") {
		for i := range make([]struct{}, *instant) {
			p := newPlant("stack", "goroutine", "main.holdOnStack", i)
			ready := make(chan struct{})
			go func() {
				h := newHeld(p)
				p = nil
				close(ready)
				holdOnStack(h)
			}()
			<-ready
		}
	}
	waitUntilBlocked()
	return all
}

// leakedSaysGo asks the goroutineleak profile; nil where there is none.
func leakedSaysGo() []uint64 {
	profile := pprof.Lookup("goroutineleak")
	if profile == nil {
		return nil
	}
	var text strings.Builder
	if err := profile.WriteTo(&text, 2); err != nil {
		panic(err)
	}
	leaked := []uint64{}
	for _, line := range strings.Split(text.String(), "\n") {
		if strings.HasPrefix(line, "goroutine ") && strings.Contains(line, "leaked") {
			id, err := strconv.ParseUint(strings.Fields(line)[1], 10, 64)
			if err != nil {
				panic(err)
			}
			leaked = append(leaked, id)
		}
	}
	return leaked
}

func address3p(k *knotted) string { return addressOf(&k.payload[0]) }

func waitUntilBlocked() {
	buffer := make([]byte, 1<<22)
	for {
		text := string(buffer[:runtime.Stack(buffer, true)])
		if strings.Count(text, " [running")+strings.Count(text, " [runnable") <= 1 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
