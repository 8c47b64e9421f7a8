-- Accounts in turn, with the right password.
local number, accounts = 0, 1

function init(args)
  accounts = tonumber(args[1])
end

function request()
  number = (number + 1) % accounts
  return wrk.format("POST", "/auth/login", { ["Content-Type"] = "application/json" },
    '{"email":"bench' .. number .. '@example.org","password":"violet tractor lamp nine"}')
end
