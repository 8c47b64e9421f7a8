using Cardea.Server;

return await CardeaProgram.RunAsync(args);
