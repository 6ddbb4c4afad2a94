package clock

import "example.com/shop/internal/logging"

func init() { logging.Print("this clock drifts") }
