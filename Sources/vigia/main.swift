Vigia.main()
