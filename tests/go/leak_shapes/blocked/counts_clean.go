package blocked

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"example.com/leakshapes/payload"
)

// SameCount receives as often as is sent.
//
//shape:collected
func SameCount() {
	items := []int{1, 2, 3}
	errs := make(chan error)
	data := payload.New()
	for range items {
		go func() {
			errs <- failing()
			data.Use()
		}()
	}
	for range items {
		<-errs
	}
}

// CountedStarts counts what it starts, and receives as often.
//
//shape:collected
func CountedStarts() {
	results := make(chan int)
	data := payload.New()
	n := 0
	for _, item := range []int{1, 2, 3} {
		if item == 2 {
			continue
		}
		n++
		go func() {
			results <- 1
			data.Use()
		}()
	}
	for i := 0; i < n; i++ {
		<-results
	}
}

// PendingLoop counts down what is not yet there.
//
//shape:collected
func PendingLoop() {
	results := make(chan error)
	data := payload.New()
	pending := 0
	for _, item := range []int{1, 2, 3} {
		if item > 1 {
			pending++
			go func() {
				results <- failing()
				data.Use()
			}()
		}
	}
	for pending > 0 {
		<-results
		pending--
	}
}

// RoomForAll has room for everything that is sent.
//
//shape:collected
func RoomForAll() {
	items := []int{1, 2, 3}
	errs := make(chan error, len(items))
	data := payload.New()
	for range items {
		go func() {
			errs <- failing()
			data.Use()
		}()
	}
	for range items {
		if err := <-errs; err != nil {
			return
		}
	}
}

// DrainedAfterBreak reads the rest when it leaves.
//
//shape:collected
func DrainedAfterBreak() {
	out := make(chan int)
	data := payload.New()
	go func() {
		defer close(out)
		for i := 0; i < 3; i++ {
			out <- i
		}
		data.Use()
	}()
	defer func() {
		for range out {
		}
	}()
	for range out {
		if failing() != nil {
			break
		}
	}
}

// LastCloses lets the last of several close the channel.
//
//shape:collected
func LastCloses() {
	const workers = 2
	out := make(chan int)
	data := payload.New()
	left := int32(workers)
	for i := 0; i < workers; i++ {
		go func() {
			out <- 1
			if atomic.AddInt32(&left, -1) == 0 {
				close(out)
			}
			data.Use()
		}()
	}
	for range out {
	}
}

func wanted() bool { return true }

// StartedIfWanted receives if it has started somebody who sends.
//
//shape:collected
func StartedIfWanted() {
	ch := make(chan int)
	data := payload.New()
	async := wanted()
	if async {
		go func() {
			ch <- 1
			data.Use()
		}()
	}
	if !async {
		return
	}
	<-ch
}

// StartedIfMade receives if there is a channel.
//
//shape:collected
func StartedIfMade() {
	var ch chan int
	data := payload.New()
	if wanted() {
		ch = make(chan int)
		go func() {
			ch <- 1
			data.Use()
		}()
	}
	if ch != nil {
		<-ch
	}
}

// DoneByDefer tells the group whatever happens.
//
//shape:collected
func DoneByDefer() {
	var wg sync.WaitGroup
	data := payload.New()
	wg.Add(1)
	go func() {
		defer wg.Done()
		if failing() != nil {
			return
		}
		data.Use()
	}()
	go func() {
		wg.Wait()
		data.Use()
	}()
}

// UnlockedOnBothWays unlocks before each return.
//
//shape:collected
func UnlockedOnBothWays() {
	var mu sync.Mutex
	data := payload.New()
	for i := 0; i < 2; i++ {
		go func() {
			mu.Lock()
			if failing() != nil {
				mu.Unlock()
				return
			}
			data.Use()
			mu.Unlock()
		}()
	}
}

// PlaceGivenBack gives its place in the semaphore back whatever happens.
//
//shape:collected
func PlaceGivenBack() {
	sem := make(chan struct{}, 1)
	data := payload.New()
	for i := 0; i < 3; i++ {
		go func() {
			sem <- struct{}{}
			defer func() { <-sem }()
			if failing() != nil {
				return
			}
			data.Use()
		}()
	}
}

// ClosedOnBothWays closes the channel also when something fails.
//
//shape:collected
func ClosedOnBothWays() {
	ch := make(chan int)
	data := payload.New()
	go func() {
		if failing() != nil {
			close(ch)
			return
		}
		ch <- 1
		close(ch)
	}()
	go func() {
		for range ch {
			data.Use()
		}
		data.Use()
	}()
}

// EitherIsTaken sends a result or an error, and both are waited for.
//
//shape:collected
func EitherIsTaken() {
	results, errs := make(chan int), make(chan error)
	data := payload.New()
	go func() {
		if err := failing(); err != nil {
			errs <- err
			return
		}
		results <- 1
		data.Use()
	}()
	select {
	case <-results:
	case <-errs:
	}
}

// ErrorEnds sends a second time only if the first was no error, and is read as often.
//
//shape:collected
func ErrorEnds() {
	errs := make(chan error)
	data := payload.New()
	go func() {
		err := failing()
		if err != nil {
			errs <- err
			return
		}
		errs <- nil
		errs <- nil
		data.Use()
	}()
	if err := <-errs; err != nil {
		return
	}
	<-errs
}

// BoundedWorkers spreads requests over workers and reads one answer for each.
//
//shape:collected
func BoundedWorkers() {
	requests := []int{1, 2, 3}
	parallel := 2
	if parallel > len(requests) {
		parallel = len(requests)
	}
	todo := make(chan int)
	answers, errs := make(chan int), make(chan error)
	data := payload.New()
	go func() {
		for _, r := range requests {
			todo <- r
		}
		close(todo)
	}()
	for i := 0; i < parallel; i++ {
		go func() {
			for r := range todo {
				if err := failing(); err != nil {
					errs <- err
				} else {
					answers <- r
				}
			}
			data.Use()
		}()
	}
	var first error
	for range requests {
		select {
		case <-answers:
		case err := <-errs:
			if first == nil {
				first = err
			}
		}
	}
}

// TimerWakes waits for what a timer closes.
//
//shape:collected
func TimerWakes() {
	done := make(chan struct{})
	data := payload.New()
	time.AfterFunc(time.Millisecond, func() { close(done) })
	go func() {
		<-done
		data.Use()
	}()
}

type question struct {
	n     int
	reply chan int
}

// RepliesToEach answers on the channel that comes with the question.
//
//shape:collected
func RepliesToEach() {
	questions := make(chan question)
	data := payload.New()
	go func() {
		for q := range questions {
			q.reply <- q.n * q.n
		}
		data.Use()
	}()
	for i := 0; i < 2; i++ {
		q := question{i, make(chan int)}
		questions <- q
		<-q.reply
	}
	close(questions)
}

// MergedUntilNil reads two channels until both are closed, and sets to nil what is.
//
//shape:collected
func MergedUntilNil() {
	a, b := make(chan int), make(chan int)
	data := payload.New()
	for _, ch := range []chan int{a, b} {
		go func(ch chan int) {
			ch <- 1
			close(ch)
			data.Use()
		}(ch)
	}
	left, right := a, b
	for left != nil || right != nil {
		select {
		case _, ok := <-left:
			if !ok {
				left = nil
			}
		case _, ok := <-right:
			if !ok {
				right = nil
			}
		}
	}
}

// QueueBetween sends only while there is something to send.
//
//shape:collected
func QueueBetween() {
	in, out := make(chan int), make(chan int)
	data := payload.New()
	go func() {
		defer close(out)
		var queue []int
		source := in
		for source != nil || len(queue) > 0 {
			var sink chan int
			var first int
			if len(queue) > 0 {
				sink, first = out, queue[0]
			}
			select {
			case n, ok := <-source:
				if !ok {
					source = nil
					continue
				}
				queue = append(queue, n)
			case sink <- first:
				queue = queue[1:]
			}
		}
		data.Use()
	}()
	in <- 1
	in <- 2
	close(in)
	for range out {
	}
}

// FinishedByFlag leaves its loop by a flag that is set before it is woken.
//
//shape:collected
func FinishedByFlag() {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	stopped := false
	data := payload.New()
	go func() {
		mu.Lock()
		defer mu.Unlock()
		for !stopped {
			c.Wait()
		}
		data.Use()
	}()
	mu.Lock()
	stopped = true
	mu.Unlock()
	c.Signal()
}

// FirstWins takes the first of several answers; the others find room.
//
//shape:collected
func FirstWins() {
	answers := make(chan int, 2)
	data := payload.New()
	for i := 0; i < 2; i++ {
		go func() {
			answers <- 1
			data.Use()
		}()
	}
	<-answers
}

// PingPong hands one value to and fro, and closes.
//
//shape:collected
func PingPong() {
	ping, pong := make(chan int), make(chan int)
	data := payload.New()
	go func() {
		for n := range ping {
			pong <- n + 1
		}
		close(pong)
		data.Use()
	}()
	for i := 0; i < 2; i++ {
		ping <- i
		<-pong
	}
	close(ping)
	<-pong
}

// OnceClosed closes on every way, and once.
//
//shape:collected
func OnceClosed() {
	done := make(chan struct{})
	data := payload.New()
	var once sync.Once
	stop := func() { once.Do(func() { close(done) }) }
	defer stop()
	go func() {
		<-done
		data.Use()
	}()
	if failing() != nil {
		stop()
		return
	}
}

// StopsBothWorkers sends one stop for each worker.
//
//shape:collected
func StopsBothWorkers() {
	quit := make(chan struct{})
	data := payload.New()
	for i := 0; i < 2; i++ {
		go func() {
			<-quit
			data.Use()
		}()
	}
	for i := 0; i < 2; i++ {
		quit <- struct{}{}
	}
}

// ReadLocksTwice reads under two read locks.
//
//shape:collected
func ReadLocksTwice() {
	var mu sync.RWMutex
	data := payload.New()
	go func() {
		mu.RLock()
		mu.RLock()
		data.Use()
		mu.RUnlock()
		mu.RUnlock()
	}()
}

// InFlight sends at most one after it was told to stop, and there is room for that.
//
//shape:collected
func InFlight() {
	ctx, cancel := context.WithCancel(requestContext())
	replies := make(chan error, 1)
	data := payload.New()
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				replies <- failing()
			case <-ctx.Done():
				data.Use()
				return
			}
		}
	}()
	defer cancel()
	if err := <-replies; err != nil {
		return
	}
	<-replies
}

var requests, stopServing = context.WithCancel(context.Background())

func requestContext() context.Context {
	if wanted() {
		return requests
	}
	defer stopServing()
	return context.TODO()
}

// PolledContext asks its context before each turn.
//
//shape:collected
func PolledContext() {
	ctx, cancel := context.WithCancel(requestContext())
	defer cancel()
	values := make(chan int, 1)
	data := payload.New()
	go func() {
		for {
			select {
			case <-ctx.Done():
				data.Use()
				return
			default:
			}
			select {
			case values <- 1:
			case <-ctx.Done():
				data.Use()
				return
			}
		}
	}()
	<-values
}

func start(data *payload.Blob) (<-chan int, error) {
	if err := failing(); err != nil {
		return nil, err
	}
	out := make(chan int)
	go func() {
		out <- 1
		data.Use()
	}()
	return out, nil
}

// StartFails does not wait for what did not start.
//
//shape:collected
func StartFails() {
	out, err := start(payload.New())
	if err != nil {
		return
	}
	<-out
}

func startAlways(data *payload.Blob) (<-chan int, error) {
	out := make(chan int)
	go func() {
		out <- 1
		data.Use()
	}()
	return out, nil
}

// StartNeverFails asks for an error that never comes.
//
//shape:collected
func StartNeverFails() {
	out, err := startAlways(payload.New())
	if err != nil {
		return
	}
	<-out
}

// OneAtATime does not start the next before the one before has answered.
//
//shape:collected
func OneAtATime() {
	answers := make(chan bool, 1)
	data := payload.New()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	timeout := time.NewTimer(20 * time.Millisecond)
	defer timeout.Stop()
	for tick := ticker.C; ; {
		select {
		case <-timeout.C:
			return
		case <-tick:
			tick = nil
			go func() {
				answers <- wanted()
				data.Use()
			}()
		case ok := <-answers:
			if ok {
				return
			}
			tick = ticker.C
		}
	}
}

type sink struct{ target reflect.Value }

func (s *sink) subscribe(ch any) { s.target = reflect.ValueOf(ch) }

func (s *sink) finish() { s.target.Close() }

// ClosedByReflection is closed where no close is to be seen.
//
//shape:collected
func ClosedByReflection() {
	events := make(chan int, 4)
	data := payload.New()
	s := &sink{}
	s.subscribe(events)
	go func() {
		for range events {
			data.Use()
		}
		data.Use()
	}()
	s.finish()
}

// CountedPlaces takes a place back only when it has been told to.
//
//shape:collected
func CountedPlaces() {
	places := make(chan struct{}, 2)
	told, stop := make(chan struct{}), make(chan struct{})
	data := payload.New()
	go func() {
		for {
			select {
			case <-stop:
				data.Use()
				return
			case <-told:
				<-places
			case places <- struct{}{}:
			}
		}
	}()
	for len(places) < 2 {
		time.Sleep(time.Millisecond)
	}
	told <- struct{}{}
	close(stop)
}

func open(fail bool) (int, error) {
	if fail {
		return 0, errSlow
	}
	return 1, nil
}

func startOpened(data *payload.Blob) (<-chan int, error) {
	n, err := open(wanted())
	if err != nil {
		return nil, err
	}
	out := make(chan int)
	go func() {
		defer close(out)
		out <- n
		data.Use()
	}()
	return out, nil
}

// StartedTwiceOver hands on why it could not start.
//
//shape:collected
func StartedTwiceOver() {
	data := payload.New()
	first, err := startOpened(data)
	if err != nil {
		return
	}
	second := make(chan int)
	go func() {
		defer close(second)
		if n, ok := <-first; ok {
			second <- n
		}
		data.Use()
	}()
	<-second
}

// WorkersWithContexts counts as many as it starts, each with a context of its own.
//
//shape:collected
func WorkersWithContexts() { startWorkers(3) }

func startWorkers(n int) {
	data := payload.New()
	var group sync.WaitGroup
	group.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			defer group.Done()
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			<-ctx.Done()
			data.Use()
		}()
	}
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	go func() {
		<-done
		data.Use()
	}()
}

// SentAsOftenAsReceived has as many senders as turns of the loop that receives, each with a context of its own.
//
//shape:collected
func SentAsOftenAsReceived() { gather(4) }

func gather(n int) {
	data := payload.New()
	found := make(chan int)
	for i := 0; i < n; i++ {
		go func() {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			<-ctx.Done()
			found <- 1
		}()
	}
	go func() {
		for i := 0; i < n; i++ {
			<-found
		}
		data.Use()
	}()
}
