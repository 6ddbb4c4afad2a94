package blocked

import (
	"sync"

	"example.com/leakshapes/payload"
)

// FirstErrorReturns has two that send their errors, and one that leaves after the first.
//
//shape:leaks
func FirstErrorReturns() {
	errs := make(chan error)
	data := payload.New()
	for i := 0; i < 2; i++ {
		go func() {
			errs <- failing() // want goroutine-blocked likely
			data.Use()
		}()
	}
	for i := 0; i < 2; i++ {
		if err := <-errs; err != nil {
			return
		}
	}
}

// ConsumerBreaks stops reading in the middle.
//
//shape:leaks
func ConsumerBreaks() {
	items := []int{1, 2, 3}
	out := make(chan int)
	data := payload.New()
	go func() {
		defer close(out)
		for _, item := range items {
			out <- item // want goroutine-blocked likely
		}
		data.Use()
	}()
	for range out {
		if failing() != nil {
			break
		}
	}
}

// WaitBeforeDrain waits for senders that wait for it.
//
//shape:leaks
func WaitBeforeDrain() {
	items := []int{1, 2, 3}
	out := make(chan int)
	data := payload.New()
	var wg sync.WaitGroup
	for _, item := range items {
		wg.Add(1)
		go func(n int) {
			defer wg.Done()
			out <- n // want goroutine-blocked likely
		}(item)
	}
	go func() {
		wg.Wait() // want goroutine-blocked likely
		close(out)
		for range out {
			data.Use()
		}
	}()
}

// DoneSkippedOnError forgets the group when something fails.
//
//shape:leaks
func DoneSkippedOnError() {
	var wg sync.WaitGroup
	data := payload.New()
	wg.Add(1)
	go func() {
		if failing() != nil {
			return
		}
		wg.Done()
	}()
	go func() {
		wg.Wait() // want goroutine-blocked likely
		data.Use()
	}()
}

// LockLeftOnError keeps a lock when something fails.
//
//shape:leaks
func LockLeftOnError() {
	var mu sync.Mutex
	data := payload.New()
	locked := make(chan struct{})
	go func() {
		mu.Lock()
		close(locked)
		if failing() != nil {
			return
		}
		mu.Unlock()
	}()
	go func() {
		<-locked
		mu.Lock() // want goroutine-blocked likely
		data.Use()
		mu.Unlock()
	}()
}

// LockUpgraded takes the write lock while it reads.
//
//shape:leaks
func LockUpgraded() {
	var mu sync.RWMutex
	data := payload.New()
	go func() {
		mu.RLock()
		defer mu.RUnlock()
		mu.Lock() // want goroutine-blocked certain
		data.Use()
		mu.Unlock()
	}()
}

// NilChannelSend sends on a channel that was never made.
//
//shape:leaks
func NilChannelSend() {
	var ch chan *payload.Blob
	data := compute()
	go func() {
		ch <- data // want goroutine-blocked certain
		data.Use()
	}()
}

// BufferTooSmall has room for one of three, and reads one.
//
//shape:leaks
func BufferTooSmall() {
	ch := make(chan int, 1)
	data := payload.New()
	go func() {
		ch <- 1
		ch <- 2
		ch <- 3 // want goroutine-blocked certain
		data.Use()
	}()
	<-ch
}

// NotClosedOnError ranges over what is not closed when something fails.
//
//shape:leaks
func NotClosedOnError() {
	ch := make(chan int)
	data := payload.New()
	go func() {
		if failing() != nil {
			return
		}
		ch <- 1
		close(ch)
	}()
	go func() {
		for range ch { // want goroutine-blocked likely
			data.Use()
		}
		data.Use()
	}()
}

// WaitsForItself waits for what it would close when it is done.
//
//shape:leaks
func WaitsForItself() {
	done := make(chan struct{})
	data := payload.New()
	go func() {
		defer close(done)
		<-done // want goroutine-blocked certain
		data.Use()
	}()
}

// OneStopForTwo stops one of two workers.
//
//shape:leaks
func OneStopForTwo() {
	quit := make(chan struct{})
	data := payload.New()
	for i := 0; i < 2; i++ {
		go func() {
			<-quit // want goroutine-blocked certain
			data.Use()
		}()
	}
	quit <- struct{}{}
}

// ResultAndError sends two things to one who takes either.
//
//shape:leaks
func ResultAndError() {
	results, errs := make(chan int), make(chan error)
	data := payload.New()
	go func() {
		results <- 1
		errs <- nil // want goroutine-blocked certain
		data.Use()
	}()
	select {
	case <-results:
	case <-errs:
	}
}

func each(items []int, visit func(int)) {
	for _, item := range items {
		visit(item)
	}
}

// CallbackSends sends from a callback, more often than somebody reads.
//
//shape:leaks
func CallbackSends() {
	out := make(chan int)
	data := payload.New()
	go func() {
		each([]int{1, 2, 3}, func(n int) { out <- n }) // want goroutine-blocked likely
		data.Use()
	}()
	<-out
}

type kind int

func ask() kind { return 2 }

// CaseForgets answers in one case and not in the other.
//
//shape:leaks
func CaseForgets() {
	answer := make(chan int)
	data := payload.New()
	go func() {
		switch ask() {
		case 1:
			answer <- 1
		case 2:
		}
	}()
	go func() {
		<-answer // want goroutine-blocked possible
		data.Use()
	}()
}

// HelperSends sends in a function of its own, and the caller returns before it receives.
//
//shape:leaks
func HelperSends() {
	done := make(chan error)
	data := payload.New()
	go sendResult(done, data)
	if failing() != nil {
		return
	}
	<-done
}

func sendResult(done chan<- error, data *payload.Blob) {
	err := failing()
	done <- err // want goroutine-blocked likely of blocked.HelperSends
	data.Use()
}

// CrossedLocks takes two locks in two orders.
//
//shape:leaks
func CrossedLocks() {
	var a, b sync.Mutex
	data := payload.New()
	hasA, hasB := make(chan struct{}), make(chan struct{})
	go func() {
		a.Lock()
		close(hasA)
		<-hasB
		b.Lock() // want goroutine-blocked certain
		data.Use()
	}()
	go func() {
		b.Lock()
		close(hasB)
		<-hasA
		a.Lock() // want goroutine-blocked certain
		data.Use()
	}()
}
