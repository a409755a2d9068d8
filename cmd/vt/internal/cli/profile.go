package cli

import (
	"errors"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
)

// profile are the flags for finding out where time and memory go.
type profile struct {
	CPUProfile string `name:"cpu-profile" hidden:"" placeholder:"FILE" help:"Write a CPU profile."`
	MemProfile string `name:"mem-profile" hidden:"" placeholder:"FILE" help:"Write a profile of allocations."`
	Trace      string `hidden:"" placeholder:"FILE" help:"Write an execution trace."`
}

// start begins what is asked for; stop ends it and writes the files.
func (p *profile) start() (stop func() error, err error) {
	var stops []func() error
	stop = func() error {
		var errs []error
		for _, s := range stops {
			errs = append(errs, s())
		}
		return errors.Join(errs...)
	}
	begin := func(path string, start func(*os.File) error, end func(*os.File) error) error {
		if path == "" {
			return nil
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := start(f); err != nil {
			return errors.Join(err, f.Close())
		}
		stops = append(stops, func() error { return errors.Join(end(f), f.Close()) })
		return nil
	}
	err = errors.Join(
		begin(p.CPUProfile,
			func(f *os.File) error { return pprof.StartCPUProfile(f) },
			func(*os.File) error { pprof.StopCPUProfile(); return nil }),
		begin(p.Trace,
			func(f *os.File) error { return trace.Start(f) },
			func(*os.File) error { trace.Stop(); return nil }),
		begin(p.MemProfile,
			func(*os.File) error { return nil },
			func(f *os.File) error { runtime.GC(); return pprof.Lookup("allocs").WriteTo(f, 0) }))
	if err != nil {
		err = errors.Join(err, stop())
	}
	return stop, err
}
