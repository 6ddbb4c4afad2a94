// Goroutines as servers have them: those named stuck... can never be woken, those named served... can; main never ends.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

type resource struct {
	done chan int
	next *resource
}

var (
	globalCond  = sync.NewCond(&sync.Mutex{})
	globalGroup sync.WaitGroup
	globalLock  sync.RWMutex
	held        []any
)

func servedByTimer()          { <-time.After(time.Hour) }
func servedByTicker()         { <-time.NewTicker(time.Hour).C }
func servedBySleep()          { time.Sleep(time.Hour) }
func servedByCond()           { globalCond.L.Lock(); globalCond.Wait() }
func servedByGroup()          { globalGroup.Wait() }
func servedByReadLock()       { globalLock.RLock() }
func servedByLock()           { globalLock.Lock() }
func servedByPipe(f *os.File) { f.Read(make([]byte, 1)) }
func servedByNetwork(l net.Listener) {
	l.Accept()
}

func servedByDeadline() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	<-ctx.Done()
}

func servedBySignal() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	<-c
}

func servedBySelectWithTimer() {
	select {
	case <-make(chan int):
	case <-time.After(time.Hour):
	}
}

func servedByAfterFunc() {
	c := make(chan int)
	time.AfterFunc(time.Hour, func() { close(c) })
	<-c
}

func servedByFinalizer() {
	c := make(chan int)
	one := &resource{}
	one.next = &resource{}
	runtime.SetFinalizer(one, func(*resource) { close(c) })
	held = append(held, one)
	<-c
}

func servedByCommand() {
	command := exec.Command("cat")
	command.StdinPipe() // closed when this program ends, which ends cat
	command.Run()
}

func servedByBoundChannel(c chan int) { <-c }

func stuckReceiving() { <-make(chan int) }
func stuckSending()   { make(chan int) <- 1 }
func stuckOnNil()     { var c chan int; <-c }
func stuckInSelect()  { select {} }
func stuckOnTwo() {
	select {
	case <-make(chan int):
	case make(chan string) <- "":
	}
}
func stuckOnGroup()    { var group sync.WaitGroup; group.Add(1); group.Wait() }
func stuckOnLock()     { var lock sync.Mutex; lock.Lock(); lock.Lock() }
func stuckOnReadLock() { var lock sync.RWMutex; lock.Lock(); lock.RLock() }
func stuckOnWriteLock() {
	var lock sync.RWMutex
	lock.RLock()
	lock.Lock()
}
func stuckOnCond() { cond := sync.NewCond(&sync.Mutex{}); cond.L.Lock(); cond.Wait() }
func stuckWithoutDeadline() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	<-ctx.Done()
}
func stuckOnStoppedTimer() { timer := time.NewTimer(time.Hour); timer.Stop(); <-timer.C }

func main() {
	globalGroup.Add(1)
	globalLock.Lock()
	reader, writer, _ := os.Pipe()
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	server := &http.Server{Handler: http.NotFoundHandler()}
	web, _ := net.Listen("tcp", "127.0.0.1:0")
	idle, _ := http.Get("http://" + serve(server, web)) // keep-alive: the connection's goroutines stay on both sides
	idle.Body.Close()
	channel := make(chan int)
	held = append(held, writer, channel)
	for _, f := range []func(){
		servedByTimer, servedByTicker, servedBySleep, servedByCond, servedByGroup, servedByReadLock, servedByLock,
		func() { servedByPipe(reader) }, func() { servedByNetwork(listener) }, servedByDeadline, servedBySignal,
		servedBySelectWithTimer, servedByAfterFunc, servedByFinalizer, servedByCommand,
		func() { servedByBoundChannel(channel) },
		stuckReceiving, stuckSending, stuckOnNil, stuckInSelect, stuckOnTwo, stuckOnGroup, stuckOnLock, stuckOnReadLock,
		stuckOnWriteLock, stuckOnCond, stuckWithoutDeadline, stuckOnStoppedTimer,
	} {
		go f()
	}
	go describe()
	select {}
}

func serve(server *http.Server, at net.Listener) string {
	go server.Serve(at)
	return at.Addr().String()
}

// describe says which functions Go's own profile finds leaked (Go 1.26 with the experiment, 1.27), and waits.
func describe() {
	time.Sleep(300 * time.Millisecond)
	runtime.GC()
	leaked := []string{}
	profile := pprof.Lookup("goroutineleak")
	if profile != nil {
		var text bytes.Buffer
		profile.WriteTo(&text, 2)
		for _, stack := range bytes.Split(text.Bytes(), []byte("\n\n")) {
			found := regexp.MustCompile(`(?m)^main\.(\w+)\(`).FindSubmatch(stack)
			if found != nil && bytes.Contains(stack, []byte("leaked")) {
				leaked = append(leaked, string(found[1]))
			}
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{"leaked": leaked, "asked": profile != nil})
	bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(0)
}
