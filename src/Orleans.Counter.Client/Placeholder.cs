namespace Orleans.Counter.Client; internal static class Placeholder;
