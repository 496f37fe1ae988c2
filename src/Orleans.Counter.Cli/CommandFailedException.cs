namespace Orleans.Counter.Cli;

/// <summary>A command cannot go on, for a reason that its user can understand and mend: the message says both, and no stack trace helps.</summary>
internal sealed class CommandFailedException(string message, Exception? innerException = null) : Exception(message, innerException);
