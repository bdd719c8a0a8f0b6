HandlerProgram.main()
