HandlerCommand.main()
